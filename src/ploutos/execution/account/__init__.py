"""What an account may do; one file a variant."""
