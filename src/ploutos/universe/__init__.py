"""Universe: consumes `Bars`, produces point-in-time membership [T, N]."""
