"""Calendar, with pandas."""

from typing import Any

import numpy as np
import pandas as pd

from benchmarks.features.pandas_set.sheet import Series, Sheet, formula

ONE = pd.Timedelta(1, "us")


def _angle(s: Sheet, name: str) -> Any:
    time = s.bars.index
    date = time - ONE  # a bar that closes at midnight belongs to the day before
    if name == "day":
        return 2 * np.pi * (time.hour * 60 + time.minute) / 1440
    if name == "week":
        return 2 * np.pi * time.day_of_week / 7
    if name == "month":
        return 2 * np.pi * (date.day - 1) / date.days_in_month
    return 2 * np.pi * (date.day_of_year - 1) / 366


def _circle(prefix: str, name: str) -> None:
    for suffix, function in (("sin", np.sin), ("cos", np.cos)):

        def point(s: Sheet, function: Any = function) -> Series:
            return Series(function(_angle(s, name)), s.bars.index)

        formula(f"{prefix}_{suffix}")(point)


for _prefix, _name in (("time_of_day", "day"), ("weekday", "week"), ("month", "month"), ("year", "year")):
    _circle(_prefix, _name)


@formula("month_turn")
def _month_turn(s: Sheet) -> Series:
    dates = (s.bars.index - ONE).tz_localize(None).to_numpy().astype("datetime64[D]")
    first = dates.astype("datetime64[M]")
    begun = np.busday_count(first.astype("datetime64[D]"), dates)
    left = np.busday_count(dates, (first + 1).astype("datetime64[D]"))
    return Series(((begun < 3) | (left <= 1)).astype(float), s.bars.index)
