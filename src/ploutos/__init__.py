"""Ploutos: trading research that tells the truth about its strategies."""

__version__ = "0.1.0"
