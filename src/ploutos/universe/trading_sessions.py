"""When the sessions of a market close."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.data.calendars.calendar import EPOCH, Calendar, microseconds, session_clock
from ploutos.types import DataError

Axis = npt.NDArray[np.int64]
Dates = npt.NDArray[np.int32]

LONGEST_CLOSURE = timedelta(days=31)  # a market opens again within this


@runtime_checkable
class CheckedCalendar(Calendar, Protocol):
    """A calendar that a constructor can tell from anything else."""


@dataclass(frozen=True, kw_only=True)
class Sessions:
    """Sessions in order of time; a bar belongs to the first one that closes at or after it.

    Attributes
    ----------
    dates : [S] session dates, days since 1970-01-01.
    closes : [S] closing times, microseconds since the epoch UTC, increasing.
    """

    dates: Dates
    closes: Axis

    def held(self, ts: Axis) -> "Sessions":
        """Return the sessions in which the market has at least one bar of `ts` [T].

        Windows count these: a session that a file lacks altogether is nobody's missing bar.
        """
        seen = np.unique(np.searchsorted(self.closes, ts))
        seen = seen[seen < len(self.closes)]
        return Sessions(dates=self.dates[seen], closes=self.closes[seen])


def market_sessions(ts: Axis, calendar: Calendar) -> Sessions:
    """Return the calendar's sessions from the first bar of the axis `ts` [T, >= 1] on.

    Those that follow the last bar are among them: at the last close of a quarter it is known that the next
    session opens another one.
    """
    dates = session_clock(calendar).dates(ts[[0, -1]]).tolist()
    first, latest = (EPOCH + timedelta(days=day) for day in dates)
    table = _sessions(calendar, first, latest)
    closes = microseconds(table["close"])
    begun = closes >= ts[0]
    return Sessions(dates=table["session"].to_physical().to_numpy()[begun], closes=closes[begun])


def _sessions(calendar: Calendar, first: date, latest: date) -> pl.DataFrame:
    """Return the sessions from `first` to the one after `latest`, where the calendar knows that one."""
    try:
        return calendar.sessions(first, latest + LONGEST_CLOSURE)
    except DataError:  # its rules end before: holidays of some exchanges are announced a year ahead
        return calendar.sessions(first, latest)
