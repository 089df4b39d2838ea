"""Sources of market data: a file or an embedded market -> `Bars`."""
