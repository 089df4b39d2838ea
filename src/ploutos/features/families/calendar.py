"""Calendar: the bar's close on the clock and in the week of the session's own time zone."""

import math

import polars as pl

from ploutos.features.feature import Feature


def calendar_features(session_timezone: str) -> list[Feature]:
    """Return time of day and weekday as points on a circle (local time, daylight saving included)."""
    local = pl.col("ts").dt.convert_time_zone(session_timezone)
    minute = local.dt.hour().cast(pl.Float64) * 60.0 + local.dt.minute().cast(pl.Float64)
    day = minute * (2.0 * math.pi / 1440.0)
    week = (local.dt.weekday().cast(pl.Float64) - 1.0) * (2.0 * math.pi / 7.0)
    return [
        Feature("time_of_day_sin", day.sin(), 0),
        Feature("time_of_day_cos", day.cos(), 0),
        Feature("weekday_sin", week.sin(), 0),
        Feature("weekday_cos", week.cos(), 0),
    ]
