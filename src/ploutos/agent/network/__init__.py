"""Policy networks; one file each."""
