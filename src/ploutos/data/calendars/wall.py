"""Wall times of many dates as instants."""

from datetime import date, time, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl


def dates_between(first: date, last: date, *, weekdays_only: bool) -> pl.Series:
    """Return every date from `first` to `last`, both included, or only those from Monday to Friday."""
    days = pl.date_range(first, last, eager=True)
    return days.filter(days.dt.weekday() <= 5) if weekdays_only else days


def instants(days: pl.Series, wall: time, timezone: str, *, days_later: int) -> pl.Series:
    """Return the UTC instants (Datetime[us, UTC]) of `wall` on the day `days_later` after each of `days`.

    Of a wall time that occurs twice, the first is taken; one that daylight saving skips is read from the
    clock as if it had not been moved yet.
    """
    walls = days.dt.combine(wall) + timedelta(days=days_later)
    found = walls.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
    found = found.dt.convert_time_zone("UTC")
    if found.null_count():
        unmoved = walls - timedelta(days=1)
        before = unmoved.dt.replace_time_zone(timezone, ambiguous="earliest", non_existent="null")
        found = found.fill_null(before.dt.convert_time_zone("UTC") + timedelta(days=1))
    return found


def minutes_of_day(times: pl.Series, timezone: str) -> npt.NDArray[np.int64]:
    """Return the local wall time of each instant in minutes since midnight, seconds cut off."""
    wall = times.dt.convert_time_zone(timezone)
    return (wall.dt.hour().cast(pl.Int64) * 60 + wall.dt.minute()).to_numpy()
