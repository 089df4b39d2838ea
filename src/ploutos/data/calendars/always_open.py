"""Markets that never close, such as crypto-currencies."""

from datetime import date
from typing import Any

import polars as pl

from ploutos.data.calendars.calendar import SESSION_SCHEMA
from ploutos.data.calendars.wall import dates_between, instants
from ploutos.data.session import parse_time
from ploutos.data.timezone import check_timezone
from ploutos.types import checked
from ploutos.types.session import DAYS_PER_YEAR, SessionClock


class AlwaysOpen:
    """Every day is a session, and each begins when the one before ends.

    Parameters
    ----------
    timezone : zone of `day_starts`.
    day_starts : local "HH:MM" at which a session begins: from "12:00" on, on the day before its date.
    """

    sessions_per_year = DAYS_PER_YEAR

    @checked
    def __init__(self, *, timezone: str, day_starts: str) -> None:
        self.timezone = check_timezone("timezone", timezone)
        self._starts = parse_time("day_starts", day_starts)
        self.day_starts = SessionClock(timezone, day_starts).day_starts

    def sessions(self, first: date, last: date) -> pl.DataFrame:
        """Return one session a day from `first` to `last`."""
        days = dates_between(first, last, weekdays_only=False)
        begins = -1 if self._starts.hour >= 12 else 0
        opens = instants(days, self._starts, self.timezone, days_later=begins)
        closes = instants(days, self._starts, self.timezone, days_later=begins + 1)
        return pl.DataFrame([days, opens, closes], schema=SESSION_SCHEMA)

    def fingerprint(self) -> dict[str, Any]:
        """Return the settings."""
        return {"calendar": "always_open", "timezone": self.timezone, "day_starts": self.day_starts}
