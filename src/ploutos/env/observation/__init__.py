"""What a policy sees; one file a variant."""
