"""When a daily value becomes known."""

from dataclasses import dataclass
from datetime import time

import polars as pl


@dataclass(frozen=True)
class Publication:
    """A value of day D is published at wall time `at` of day D + `lag_days`, in `timezone`.

    A lag of at least one calendar day keeps the close of day D off every bar of day D, whatever the
    session's hours.
    """

    timezone: str
    lag_days: int
    at: time

    def available_at(self, day: str) -> pl.Expr:
        """Return the publication time (Datetime[us, UTC]) of the Date column `day`.

        A wall time that a daylight-saving change repeats is taken at its later occurrence; one that it
        skips moves to an hour later.
        """
        wall = (pl.col(day) + pl.duration(days=self.lag_days)).dt.combine(self.at)
        local = wall.dt.replace_time_zone(self.timezone, ambiguous="latest", non_existent="null")
        later = wall.dt.offset_by("1h").dt.replace_time_zone(
            self.timezone, ambiguous="latest", non_existent="null"
        )
        return local.fill_null(later).dt.convert_time_zone("UTC").dt.cast_time_unit("us")
