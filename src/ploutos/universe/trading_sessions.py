"""When the market's sessions close: from a calendar, or from the bars themselves."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from ploutos.data.calendars.calendar import EPOCH, Calendar, microseconds, session_clock
from ploutos.types.session import SessionClock

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


def market_sessions(ts: Axis, session_timezone: str, calendar: Calendar | None) -> Sessions:
    """Return the sessions of the axis `ts` [T, >= 1].

    With a calendar they are its sessions from the first bar on, and those that follow the last bar: at the
    last close of a quarter it is known that the next session opens another one. Without a calendar a session
    is a local date that has bars and closes with the last of them, so the first session of a quarter is
    recognised when it has come.
    """
    clock = SessionClock(session_timezone) if calendar is None else session_clock(calendar)
    dates = clock.dates(ts)
    if calendar is None:
        last = np.r_[np.flatnonzero(np.diff(dates)), len(ts) - 1]
        return Sessions(dates=dates[last], closes=ts[last])
    first, latest = (EPOCH + timedelta(days=int(dates[row])) for row in (0, -1))
    table = calendar.sessions(first, latest + LONGEST_CLOSURE)
    closes = microseconds(table["close"])
    begun = closes >= ts[0]
    return Sessions(dates=table["session"].to_physical().to_numpy()[begun], closes=closes[begun])
