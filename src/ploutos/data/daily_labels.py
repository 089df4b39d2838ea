"""Daily rows labelled by the close of their session."""

from typing import Literal

import polars as pl

from ploutos.data.calendars.calendar import (
    EPOCH,
    Calendar,
    microseconds,
    session_clock,
    sessions_between,
)
from ploutos.types import DataError


def label_daily(
    frame: pl.DataFrame, *, label: Literal["open", "close"], input_timezone: str, calendar: Calendar
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return the rows whose date is a session, labelled by its close; counts as `label_bars`.

    A `ts` of midnight is a date, whatever `label` says: a daily row stamped "2020-01-02 00:00" holds the
    session of January 2, and reading it as an instant would date it a day early, with prices from the future.
    The exception is a market whose sessions do close at these midnights.
    """
    dates, impossible = daily_dates(frame["ts"], label, input_timezone, calendar)
    dated = frame.with_columns(dates.alias("_session")).filter(pl.col("_session").is_not_null())
    counts = {"rows_impossible_time": impossible}
    if dated.is_empty():
        return dated.drop("_session").with_columns(pl.col("ts").cast(pl.Datetime("us", "UTC"))), counts
    first, last = dated.select(first=pl.col("_session").min(), last=pl.col("_session").max()).row(0)
    table = calendar.sessions(first, last).select(_session="session", _close="close")
    joined = dated.join(table, on="_session", how="left", maintain_order="left")
    kept = joined.filter(pl.col("_close").is_not_null()).with_columns(ts=pl.col("_close"))
    return kept.drop("_session", "_close"), counts | {"rows_no_session": joined.height - kept.height}


def daily_dates(ts: pl.Series, label: str, input_timezone: str, calendar: Calendar) -> tuple[pl.Series, int]:
    """Return the session date of each row (null where there is none) and the count of nulls."""
    if ts.dtype == pl.Date:
        return ts, ts.null_count()
    if not isinstance(ts.dtype, pl.Datetime):
        raise DataError(f"ts has type {ts.dtype}, must be a date or a date-time")
    instant = ts
    if ts.dtype.time_zone is None:
        instant = ts.dt.replace_time_zone(input_timezone, ambiguous="latest", non_existent="null")
    times = pl.DataFrame({"own": _wall(ts), "local": _wall(instant.dt.convert_time_zone(calendar.timezone))})
    times = times.with_columns(at=_clock_dates(instant, label, calendar))
    if label == "close":
        times = times.with_columns(is_close=_are_closes(instant, calendar))
    else:
        times = times.with_columns(is_close=pl.lit(False))
    own, local = pl.col("own"), pl.col("local")
    dates = times.select(
        pl.when("is_close")
        .then("at")
        .when(own.dt.truncate("1d") == own)
        .then(own.dt.date())
        .when(local.dt.truncate("1d") == local)
        .then(local.dt.date())
        .otherwise("at")
    ).to_series()
    return dates, dates.null_count()


def _wall(ts: pl.Series) -> pl.Series:
    return ts.dt.replace_time_zone(None).dt.cast_time_unit("us")


def _clock_dates(instant: pl.Series, label: str, calendar: Calendar) -> pl.Series:
    """Return the dates of the sessions that begin or end at `instant`, null where it is null."""
    begins = 1 if label == "open" else 0
    known = microseconds(instant.fill_null(EPOCH)) + begins
    days = pl.Series(session_clock(calendar).dates(known)).cast(pl.Date)
    return pl.select(pl.when(instant.is_not_null()).then(days)).to_series()


def _are_closes(instant: pl.Series, calendar: Calendar) -> pl.Series:
    """Return whether a session closes exactly at `instant`."""
    known = microseconds(instant.drop_nulls())
    if known.size == 0:
        return instant.is_not_null()
    closes = sessions_between(calendar, int(known.min()) - 1, int(known.max()))["close"]
    utc = instant.dt.convert_time_zone("UTC").dt.cast_time_unit("us")
    return utc.is_in(closes.implode()).fill_null(False)
