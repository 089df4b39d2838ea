"""Alpha of planted markets: random draws -> signals and what the expected return follows; a file a kind."""
