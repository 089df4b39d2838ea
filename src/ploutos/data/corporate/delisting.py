"""Names that vanish: told by a table, or inferred from bars that end before the market does."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from ploutos.data.calendars.calendar import EPOCH, Calendar, microseconds, session_clock
from ploutos.types import DataError
from ploutos.types.bars import no_delistings


def infer_delistings(
    frame: pl.DataFrame,
    market_end: datetime,
    *,
    calendar: Calendar,
    after_sessions: int | None,
    delisting_return: float,
    explicit: pl.DataFrame,
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Return the delistings of `frame` as in `Bars.delistings`, and their counts.

    A ticker is taken as delisted at its last bar where more than `after_sessions` sessions of the calendar
    lie after it, up to and including that of `market_end`. The panel pays it out at the market's next bar.

    Parameters
    ----------
    frame : bars labelled by their close, `ts` (UTC) and `ticker`.
    market_end : close of the market's last bar, UTC; what ends there has not ended.
    after_sessions : None: nothing is inferred.
    delisting_return : of the inferred ones, fraction of the last close, -1 or more.
    explicit : `ticker`, `ts` (null: the ticker's last bar), `delisting_return`. Wins over what the bars
        suggest; tickers without bars are counted and left out.
    """
    if not -1.0 <= delisting_return < np.inf:
        raise DataError(f"delisting_return: {delisting_return} must be a number >= -1")
    last = frame.group_by("ticker").agg(pl.col("ts").max()).sort("ticker")
    table = explicit.select("ticker", told="ts", delisting_return="delisting_return")
    table = table.join(last, on="ticker", how="left", maintain_order="left")
    unknown = int(table["ts"].null_count())
    table = table.drop_nulls("ts").with_columns(ts=pl.coalesce("told", "ts")).drop("told")
    inferred = last.clear()
    if after_sessions is not None and not last.is_empty():
        others = last.join(explicit, on="ticker", how="anti", maintain_order="left")
        after = _sessions_after(others["ts"], market_end, calendar)
        inferred = others.filter(after > after_sessions)
    schema = no_delistings().schema
    inferred = inferred.with_columns(delisting_return=pl.lit(delisting_return, pl.Float64))
    both = pl.concat([part.select(schema.names()).cast(schema) for part in (table, inferred)])
    told = {"explicit": table.height, "explicit_without_bars": unknown, "inferred": inferred.height}
    return both.sort("ticker"), told


def _sessions_after(last: pl.Series, market_end: datetime, calendar: Calendar) -> pl.Series:
    """Return how many sessions lie after each of `last`, up to the session of `market_end`."""
    ends = pl.Series([market_end]).cast(pl.Datetime("us", "UTC"))
    clock = session_clock(calendar)
    dates = clock.dates(microseconds(pl.concat([last, ends])))
    first, end = (EPOCH + timedelta(days=int(day)) for day in (dates.min(), dates[-1]))
    if first > end:
        return pl.Series([0] * len(last))
    days = calendar.sessions(first, end)["session"].to_physical().to_numpy()
    passed = np.searchsorted(days, dates[:-1], side="right")
    return pl.Series(len(days) - passed)
