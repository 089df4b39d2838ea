"""Panel: consumes bars, membership, features and macro, produces one memory-mapped `Panel`."""
