"""Measurements of speed and quality: `python -m benchmarks NAME`, from the project's root."""
