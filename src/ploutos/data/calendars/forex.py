"""The week of currencies."""

from datetime import date
from typing import Any

import polars as pl

from ploutos.data.calendars.calendar import SESSION_SCHEMA
from ploutos.data.calendars.wall import dates_between, instants
from ploutos.data.session import parse_time
from ploutos.data.timezone import check_timezone
from ploutos.types import ConfigError, checked
from ploutos.types.session import WEEKDAYS_PER_YEAR


class Forex:
    """Open from Sunday to Friday evening: five sessions a week, each from one evening to the next.

    Monday's session begins on Sunday evening. There are no holidays: on Christmas there are few bars or none.

    Parameters
    ----------
    timezone : zone of `day_starts`.
    day_starts : local "HH:MM" at which one session ends and the next begins, "12:00" or later.
    """

    sessions_per_year = WEEKDAYS_PER_YEAR

    @checked
    def __init__(self, *, timezone: str, day_starts: str) -> None:
        self.timezone = check_timezone("timezone", timezone)
        self._turn = parse_time("day_starts", day_starts)
        self.day_starts = day_starts
        if self._turn.hour < 12:
            raise ConfigError(f"day_starts: '{day_starts}' must be 12:00 or later")

    def sessions(self, first: date, last: date) -> pl.DataFrame:
        """Return the sessions of Monday to Friday from `first` to `last`."""
        days = dates_between(first, last, weekdays_only=True)
        opens = instants(days, self._turn, self.timezone, days_later=-1)
        closes = instants(days, self._turn, self.timezone, days_later=0)
        return pl.DataFrame([days, opens, closes], schema=SESSION_SCHEMA)

    def fingerprint(self) -> dict[str, Any]:
        """Return the settings."""
        return {"calendar": "forex", "timezone": self.timezone, "day_starts": self.day_starts}
