"""A plain calendar without holidays, that of the synthetic market."""

from datetime import date
from typing import Any

import polars as pl

from ploutos.data.calendars.calendar import SESSION_SCHEMA
from ploutos.data.calendars.wall import dates_between, instants
from ploutos.data.session import parse_time
from ploutos.data.timezone import check_timezone
from ploutos.types import ConfigError, checked
from ploutos.types.session import WEEKDAYS_PER_YEAR


class Weekdays:
    """The same hours from Monday to Friday, all year.

    Parameters
    ----------
    timezone : zone of the two wall times.
    session_open, session_close : local "HH:MM" of every session, the open before the close.
    """

    day_starts = "00:00"
    sessions_per_year = WEEKDAYS_PER_YEAR

    @checked
    def __init__(self, *, timezone: str, session_open: str, session_close: str) -> None:
        self.timezone = check_timezone("timezone", timezone)
        self.session_open, self.session_close = session_open, session_close
        self._open = parse_time("session_open", session_open)
        self._close = parse_time("session_close", session_close)
        if self._open >= self._close:
            raise ConfigError(f"session_open '{session_open}' must be before session_close '{session_close}'")

    def sessions(self, first: date, last: date) -> pl.DataFrame:
        """Return the sessions of Monday to Friday from `first` to `last`."""
        days = dates_between(first, last, weekdays_only=True)
        opens = instants(days, self._open, self.timezone, days_later=0)
        closes = instants(days, self._close, self.timezone, days_later=0)
        return pl.DataFrame([days, opens, closes], schema=SESSION_SCHEMA)

    def fingerprint(self) -> dict[str, Any]:
        """Return the settings."""
        settings = {key: value for key, value in vars(self).items() if key[0] != "_"}
        return {"calendar": "weekdays", **settings}
