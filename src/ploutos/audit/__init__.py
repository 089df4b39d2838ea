"""Audit: consumes a composed config's components and data, produces a report on what sees the future."""
