"""Providers of bars over the network and their local cache: tickers and a range of time -> canonical rows."""
