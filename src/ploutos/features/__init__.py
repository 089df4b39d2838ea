"""Features: consumes `Bars`, produces causal per-asset columns."""
