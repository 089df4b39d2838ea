"""The ledger of a logged track, recomputed line by line from its weights, prices and costs."""

from itertools import pairwise

import polars as pl


def recomputed_equity(bars: pl.DataFrame, positions: pl.DataFrame, cost_bps: float) -> list[float]:
    """Return equity per bar from `target_weight`, `open`, `close` and `payout` alone."""
    rate = cost_bps / 10_000
    by_bar = [part.to_dicts() for part in positions.partition_by("ts", maintain_order=True)]
    cash = equity = bars["equity"][0]
    shares = {row["ticker"]: 0.0 for row in by_bar[0]}
    series = [equity]
    for before, now in pairwise(by_bar):
        orders = {}
        for old, row in zip(before, now, strict=True):
            ticker, target = row["ticker"], row["target_weight"]
            if row["payout"] is not None:
                cash += shares[ticker] * row["payout"]
                shares[ticker] = 0.0
            elif target is not None and row["open"] is not None:
                wanted = min(target, 1.0) * equity / old["close"] if target else 0.0
                orders[ticker] = (wanted - shares[ticker], row["open"])
        for ticker, (quantity, price) in orders.items():
            if quantity < 0:
                cash += -quantity * price * (1 - rate)
                shares[ticker] += quantity
        needed = sum(q * price * (1 + rate) for q, price in orders.values() if q > 0)
        scale = min(1.0, cash / needed) if needed else 0.0
        for ticker, (quantity, price) in orders.items():
            if quantity > 0:
                cash -= scale * quantity * price * (1 + rate)
                shares[ticker] += scale * quantity
        equity = cash + sum(shares[row["ticker"]] * row["close"] for row in now if shares[row["ticker"]])
        series.append(equity)
    return series
