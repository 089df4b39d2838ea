"""What closes positions without being asked; one file a variant."""
