"""Training window -> policy; learning agents and baselines, one file each."""
