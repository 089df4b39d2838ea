"""A policy and a panel in, a `Track` out: the record of one ledger and the figures drawn from it."""
