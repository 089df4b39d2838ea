"""Regime: consumes a panel and a fold's training window, produces filtered probabilities of market states."""
