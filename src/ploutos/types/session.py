"""To which session a bar belongs, and how many sessions a year has."""

import re
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.types.errors import ConfigError

MINUTES_PER_DAY = 1440
DAYS_PER_YEAR = 365.25
WEEKDAYS_PER_YEAR = DAYS_PER_YEAR * 5 / 7
FEW_STEPS = 20  # of so few dates, steps over a weekend may be the usual ones


@dataclass(frozen=True)
class SessionClock:
    """The sessions of a market: one is named by one local date, whenever it begins, and a year has so many.

    Attributes
    ----------
    timezone : IANA name of the zone of the session's wall times.
    day_starts : local "HH:MM" at which a session date begins: from "12:00" on, that of the day before
        (currencies: "17:00", so that Monday begins on Sunday evening), else that of the same day.
    sessions_per_year : of 365.25 days, by the market's calendar; unless told otherwise every weekday is one.
    """

    timezone: str
    day_starts: str = "00:00"
    sessions_per_year: float = WEEKDAYS_PER_YEAR

    def __post_init__(self) -> None:
        self._minutes_to_midnight()

    def dates(self, ts: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """Return the session date of bars that close at `ts`.

        Parameters
        ----------
        ts : [T] microseconds since the epoch UTC. A bar that closes exactly when a date begins belongs to
            the date before.

        Returns
        -------
        [T] days since 1970-01-01, for `numpy.datetime64` and Polars' Date.
        """
        days = pl.DataFrame({"ts": np.asarray(ts, np.int64)}).select(self.date_of(pl.col("ts")).to_physical())
        return days.to_series().to_numpy().astype(np.int32)

    def date_of(self, ts: pl.Expr) -> pl.Expr:
        """Return the session date (Date) of bars that close at `ts` (Int64), see `dates`."""
        inside = (ts - 1).cast(pl.Datetime("us", "UTC"))
        wall = inside.dt.convert_time_zone(self.timezone).dt.replace_time_zone(None)
        shift = self._minutes_to_midnight() * 60_000_000
        return (wall.cast(pl.Int64) + shift).cast(pl.Datetime("us")).dt.date()

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON-ready settings."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "SessionClock":
        """Return the clock of `as_dict`'s settings."""
        return cls(
            timezone=str(values["timezone"]),
            day_starts=str(values["day_starts"]),
            sessions_per_year=float(values["sessions_per_year"]),
        )

    def _minutes_to_midnight(self) -> int:
        """Return what to add to a wall time so that dates begin at midnight, within half a day."""
        found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", self.day_starts)
        if found is None:
            raise ConfigError(f"day_starts: '{self.day_starts}' is not a time, write HH:MM such as '17:00'")
        minutes = int(found.group(1)) * 60 + int(found.group(2))
        return MINUTES_PER_DAY - minutes if minutes >= MINUTES_PER_DAY // 2 else -minutes


def sessions_a_year(dates: npt.NDArray[np.integer], of_calendar: float) -> float:
    """Return how many sessions like `dates` a year has: the one scale of everything that is annualised.

    The figure `of_calendar`, wherever the dates begin and end and whatever is missing between them. Only
    where the usual step is longer than a day (bars of a week or a month), it is 365.25 days by that step,
    holes and strays left out.

    Parameters
    ----------
    dates : [S] days since 1970-01-01, ascending, distinct.
    """
    steps = np.diff(dates)
    usual = float(np.median(steps)) if steps.size else 1.0
    if usual < (5.0 if steps.size < FEW_STEPS else 2.0):
        return of_calendar
    kept = steps[(steps >= usual / 2.0) & (steps <= usual * 2.0)]
    return min(of_calendar, DAYS_PER_YEAR / float(kept.mean()))
