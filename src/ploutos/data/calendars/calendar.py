"""What every trading calendar offers."""

from datetime import date, timedelta
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.types import DataError
from ploutos.types.session import SessionClock

SESSION_SCHEMA = {
    "session": pl.Date(),
    "open": pl.Datetime("us", "UTC"),
    "close": pl.Datetime("us", "UTC"),
}
EPOCH = date(1970, 1, 1)


class Calendar(Protocol):
    """When a market trades.

    Attributes
    ----------
    timezone : IANA name of the zone of the session's wall times.
    day_starts : local "HH:MM" at which a session date begins, see `SessionClock`.
    sessions_per_year : the usual number, of 365.25 days; it depends on no data.
    """

    @property
    def timezone(self) -> str: ...  # noqa: D102

    @property
    def day_starts(self) -> str: ...  # noqa: D102

    @property
    def sessions_per_year(self) -> float: ...  # noqa: D102

    def sessions(self, first: date, last: date) -> pl.DataFrame:
        """Return the sessions dated `first` to `last`, both included, sorted.

        Columns: `session` (Date), `open`, `close` (Datetime[us, UTC]). Sessions do not overlap, and the
        session clock gives every time in (open, close] the date `session`.
        """
        ...

    def fingerprint(self) -> dict[str, Any]:
        """Return JSON-ready values; equal values give equal sessions."""
        ...


def session_clock(calendar: Calendar) -> SessionClock:
    """Return the clock that dates and counts the calendar's sessions."""
    return SessionClock(calendar.timezone, calendar.day_starts, calendar.sessions_per_year)


def sessions_by_year(calendar: Calendar, first: int, last: int) -> dict[int, int]:
    """Return the sessions of the calendar years `first` to `last`; years that its rules lack are left out."""
    counted = {}
    for year in range(first, last + 1):
        try:
            counted[year] = calendar.sessions(date(year, 1, 1), date(year, 12, 31)).height
        except DataError:
            continue
    return counted


def sessions_between(calendar: Calendar, first_us: int, last_us: int) -> pl.DataFrame:
    """Return every session that trades at some time in (first_us, last_us], microseconds since the epoch UTC.

    A session that merely touches these times may be among them.
    """
    first, last = session_clock(calendar).dates(np.array([first_us + 1, last_us], np.int64)).tolist()
    return calendar.sessions(EPOCH + timedelta(days=first), EPOCH + timedelta(days=last))


def microseconds(times: pl.Series) -> npt.NDArray[np.int64]:
    """Return date-times as microseconds since the epoch UTC."""
    return times.dt.timestamp("us").to_numpy().astype(np.int64)
