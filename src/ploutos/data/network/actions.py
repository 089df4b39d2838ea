"""Splits and dividends beside the bars: out of adjusted prices, and onto the bars where they take effect."""

from datetime import time

import polars as pl

Action = tuple[str, float, float]
"""ISO date from which it is in effect, new shares for an old one, currency per share after the split."""


def frame_of(actions: dict[str, list[Action]]) -> pl.DataFrame:
    """Return `ticker`, `date`, `split`, `dividend`, sorted."""
    records = [(ticker, *action) for ticker, own in actions.items() for action in own]
    schema = {"ticker": pl.String, "date": pl.String, "split": pl.Float64, "dividend": pl.Float64}
    frame = pl.DataFrame(records, schema=schema, orient="row")
    return frame.with_columns(pl.col("date").str.to_date()).sort("ticker", "date")


def attach(
    frame: pl.DataFrame, actions: pl.DataFrame, timezone: str, *, inside: time | None = None
) -> pl.DataFrame:
    """Return `frame` with `split` (1 for none) and `dividend` (0 for none).

    An action stands on a bar of the ticker's first date that is not before the action's. One before the
    ticker's first bar is left out. Where several meet on one bar, splits multiply and dividends add up.

    Parameters
    ----------
    frame : `ts` (Date, or Datetime with a zone) and `ticker`.
    actions : as `frame_of` gives them.
    timezone : the zone whose calendar dates the actions' dates are.
    inside : a local time of day that every session holds; where given, the action stands on the first bar of
        the day from then on, if there is one. Bars before the session begins are often dropped later.
    """
    ts = pl.col("ts")
    local = ts.dt.convert_time_zone(timezone)
    day = ts if frame.schema["ts"] == pl.Date else local.dt.date()
    late = pl.lit(True) if inside is None else local.dt.time() >= inside
    bars = frame.select("ticker", "ts", day.alias("date"), late.alias("late"))
    first = pl.col("ts").filter("late").min().fill_null(pl.col("ts").min())
    firsts = bars.group_by("ticker", "date").agg(first).sort("ticker", "date")
    begin = firsts.group_by("ticker").agg(pl.col("date").min().alias("begin"))
    placed = (
        actions.join(begin, on="ticker")
        .filter(pl.col("date") >= pl.col("begin"))
        .sort("ticker", "date")
        .join_asof(firsts, on="date", by="ticker", strategy="forward", check_sortedness=False)
        .drop_nulls("ts")
        .group_by("ticker", "ts")
        .agg(pl.col("split").product(), pl.col("dividend").sum())
    )
    filled = pl.col("split").fill_null(1.0), pl.col("dividend").fill_null(0.0)
    return frame.join(placed, on=["ticker", "ts"], how="left").with_columns(*filled)


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
