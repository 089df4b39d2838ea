"""Target weights + prices -> fills and ledger: the one place that knows how orders become money."""
