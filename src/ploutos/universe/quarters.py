"""When the universe is chosen anew."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ploutos.universe.trading_sessions import Axis, Dates, Sessions

Every = Literal["month", "quarter", "year"]

MONTHS: dict[Every, int] = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, kw_only=True)
class Rebalances:
    """The first sessions of the periods, in order of time.

    Attributes
    ----------
    dates : [Q] date of the period's first session, days since 1970-01-01.
    decided : [Q] close of the session before it, microseconds since the epoch UTC.
    """

    dates: Dates
    decided: Axis


def rebalances(sessions: Sessions, every: Every, until: int) -> Rebalances:
    """Return the rebalances that are decided at or before `until`, microseconds since the epoch UTC.

    A period begins with its first *session*, whatever holidays precede it; it is decided at the close of the
    last session of the period before. The first session of all starts no period: nothing precedes it.
    """
    period = _period(sessions.dates, every)
    first = np.flatnonzero(np.diff(period)) + 1
    first = first[sessions.closes[first - 1] <= until]
    return Rebalances(dates=sessions.dates[first], decided=sessions.closes[first - 1])


def _period(dates: Dates, every: Every) -> Axis:
    """Return the number of the calendar month, quarter or year of each date."""
    months = dates.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months // MONTHS[every]
