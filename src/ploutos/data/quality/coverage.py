"""How much of a market the bars cover, year by year."""

from typing import Any

import polars as pl


def coverage(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """Return `year`, `tickers` (with a bar in it) and `bars`, by year of `ts`; JSON-ready."""
    ts = pl.col("ts")
    by_pair = frame.group_by(ts.dt.year().alias("year"), "ticker").agg(bars=pl.len())
    by_year = by_pair.group_by("year").agg(tickers=pl.len(), bars=pl.col("bars").sum()).sort("year")
    return by_year.to_dicts()
