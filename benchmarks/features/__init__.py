"""Features per second, beside pandas, and the cost of one more bar."""
