"""What a trade costs; one file a cost model."""
