"""Calendar: the bar's close on the clock, in the week and in the month of the market's own time zone.

Wall times and weekdays are local (daylight saving included). Days of the month are those of the session's
date; weekdays are counted, not sessions that will be held: an unscheduled closure is not known in advance.
"""

import math

import polars as pl

from ploutos.features.feature import Family

CALENDAR = Family("calendar", "Calendar: the bar's close on the clock of the market; known in advance.")
CIRCLE = 2.0 * math.pi
LOCAL, SESSION = pl.col("local"), pl.col("session")
DAY = (LOCAL.dt.hour().cast(pl.Float64) * 60.0 + LOCAL.dt.minute().cast(pl.Float64)) * (CIRCLE / 1440.0)
WEEK = (LOCAL.dt.weekday().cast(pl.Float64) - 1.0) * (CIRCLE / 7.0)
MONTH = (SESSION.dt.day().cast(pl.Float64) - 1.0) / SESSION.dt.month_end().dt.day().cast(pl.Float64) * CIRCLE
YEAR = (SESSION.dt.ordinal_day().cast(pl.Float64) - 1.0) * (CIRCLE / 366.0)
POINT = "-1 to 1, a point on a circle"


@CALENDAR.feature("time_of_day_sin", formula="sin(2 pi minute / 1440)", unit=POINT)
def time_of_day_sin() -> pl.Expr:
    """Return the sine of the time of day."""
    return DAY.sin()


@CALENDAR.feature("time_of_day_cos", formula="cos(2 pi minute / 1440)", unit=POINT)
def time_of_day_cos() -> pl.Expr:
    """Return the cosine of the time of day."""
    return DAY.cos()


@CALENDAR.feature("weekday_sin", formula="sin(2 pi day / 7), Monday is 0", unit=POINT)
def weekday_sin() -> pl.Expr:
    """Return the sine of the weekday."""
    return WEEK.sin()


@CALENDAR.feature("weekday_cos", formula="cos(2 pi day / 7), Monday is 0", unit=POINT)
def weekday_cos() -> pl.Expr:
    """Return the cosine of the weekday."""
    return WEEK.cos()


@CALENDAR.feature("month_sin", formula="sin(2 pi (day - 1) / days of the month)", unit=POINT)
def month_sin() -> pl.Expr:
    """Return the sine of the place in the month."""
    return MONTH.sin()


@CALENDAR.feature("month_cos", formula="cos(2 pi (day - 1) / days of the month)", unit=POINT)
def month_cos() -> pl.Expr:
    """Return the cosine of the place in the month."""
    return MONTH.cos()


@CALENDAR.feature(
    "month_turn",
    formula="1 on the last weekday of a month and on the first three, else 0",
    unit="0 or 1",
    source="Lakonishok and Smidt (1988)",
)
def month_turn() -> pl.Expr:
    """Return whether the month turns."""
    first, next_first = SESSION.dt.month_start(), SESSION.dt.month_end().dt.offset_by("1d")
    begun = pl.business_day_count(first, SESSION)
    left = pl.business_day_count(SESSION, next_first)
    return ((begun < 3) | (left <= 1)).cast(pl.Float64)


@CALENDAR.feature("year_sin", formula="sin(2 pi (day of the year - 1) / 366)", unit=POINT)
def year_sin() -> pl.Expr:
    """Return the sine of the place in the year."""
    return YEAR.sin()


@CALENDAR.feature("year_cos", formula="cos(2 pi (day of the year - 1) / 366)", unit=POINT)
def year_cos() -> pl.Expr:
    """Return the cosine of the place in the year."""
    return YEAR.cos()
