"""Splits and dividends that a provider tells: as a table, and taken out of prices adjusted for them."""

import polars as pl

Action = tuple[str, float, float]
"""ISO date from which it is in effect, new shares for an old one, currency per share after the split."""


def frame_of(actions: dict[str, list[Action]]) -> pl.DataFrame:
    """Return `ticker`, `date`, `split`, `dividend`, sorted."""
    records = [(ticker, *action) for ticker, own in actions.items() for action in own]
    schema = {"ticker": pl.String, "date": pl.String, "split": pl.Float64, "dividend": pl.Float64}
    frame = pl.DataFrame(records, schema=schema, orient="row")
    return frame.with_columns(pl.col("date").str.to_date()).sort("ticker", "date")


def unadjusted(frame: pl.DataFrame, splits: list[tuple[int, float]], prices: tuple[str, ...]) -> pl.DataFrame:
    """Return split-adjusted bars as they were traded: prices x and volume / the product of the later splits.

    Parameters
    ----------
    frame : `ts`, `prices` and `volume`, adjusted for all of `splits`.
    splits : (time from which the split is in effect in microseconds, new shares for an old one), up to the
        present: one that is left out leaves the bars before it adjusted.
    prices : names of the price columns.
    """
    at = pl.col("ts").dt.timestamp("us")
    factor = pl.lit(1.0)
    for effective, ratio in splits:
        factor = factor * pl.when(at < effective).then(ratio).otherwise(1.0)
    return frame.with_columns(pl.col(*prices) * factor, pl.col("volume") / factor)
