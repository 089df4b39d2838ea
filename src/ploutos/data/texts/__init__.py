"""Times and numbers that a file holds as text."""
