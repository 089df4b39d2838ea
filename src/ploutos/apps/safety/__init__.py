"""What a config, also one from a stranger, may name, read and reach."""
