"""Split: consumes timestamps, produces folds of train, validation and test windows."""
