"""Splits and dividends that stand in rows: taken out before any row is dropped."""

from typing import Literal

import polars as pl

from ploutos.data.calendars.calendar import Calendar
from ploutos.data.labels import session_dates
from ploutos.types import DataError

NONE = {"split": 1.0, "dividend": 0.0}


def row_actions(
    raw: pl.DataFrame,
    *,
    label: Literal["open", "close"],
    bar_minutes: int | None,
    input_timezone: str,
    calendar: Calendar,
) -> pl.DataFrame | None:
    """Return `ticker`, `date`, `split`, `dividend` of the canonical rows that hold one; None without columns.

    A row may lie outside the session or break a rule, and its bar be dropped: the split happened all the
    same. Times are those of `label_bars`; rows without ticker or date are left out.

    Raises
    ------
    DataError
        One ticker's split or dividend stands in several rows of a session.
    """
    if not any(name in raw.columns for name in NONE):
        return None
    values = [
        pl.col(name).replace(0.0, none).fill_null(none) if name in raw.columns else pl.lit(none).alias(name)
        for name, none in NONE.items()
    ]
    rows = raw.select("ts", "ticker", *values).drop_nulls(["ts", "ticker"])
    rows = rows.filter((pl.col("split") != 1.0) | (pl.col("dividend") != 0.0)).unique(maintain_order=True)
    dates = session_dates(
        rows["ts"], label=label, bar_minutes=bar_minutes, input_timezone=input_timezone, calendar=calendar
    )
    dated = rows.with_columns(date=dates).drop_nulls("date")
    for name, none in NONE.items():
        held = dated.filter(pl.col(name) != none)
        twice = held.filter(pl.struct("ticker", "date").is_duplicated())
        if not twice.is_empty():
            row = twice.row(0, named=True)
            raise DataError(
                f"ticker {row['ticker']} has more than one {name} on {row['date']}, the first is"
                f" {row[name]:g}; leave it in one row of the session"
            )
    return dated.select("ticker", "date", "split", "dividend")
