"""Sessions and bar close times of the synthetic market."""

from datetime import date, time, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.types.session import DAYS_PER_YEAR


def session_dates(start: date, years: float) -> pl.Series:
    """Return every weekday in [start, start + years); the synthetic market knows no holidays."""
    end = start + timedelta(days=round(years * DAYS_PER_YEAR))
    days = pl.date_range(start, end, closed="left", eager=True)
    return days.filter(days.dt.weekday() <= 5)


def close_times(
    sessions: pl.Series, *, timezone: str, first_start: time, bar_minutes: int, bars_per_session: int
) -> npt.NDArray[np.int64]:
    """Return the close times [sessions x bars], microseconds since the epoch UTC.

    Bars sit at fixed wall times of `timezone`, so their UTC times move with daylight saving.
    """
    opening = sessions.dt.combine(first_start).dt.replace_time_zone(timezone).dt.convert_time_zone("UTC")
    opened = opening.dt.timestamp("us").to_numpy().astype(np.int64)
    minutes = bar_minutes * np.arange(1, bars_per_session + 1, dtype=np.int64)
    return (opened[:, None] + minutes[None, :] * 60_000_000).ravel()
