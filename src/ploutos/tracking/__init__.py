"""Studies and their runs in MLflow; used by every stage that records something."""
