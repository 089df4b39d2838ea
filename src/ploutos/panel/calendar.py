"""How many sessions and bars a year has, from the panel's own time axis: the only annualisation there is."""

import numpy as np
import numpy.typing as npt

from ploutos.types import DataError
from ploutos.types.session import SessionClock

DAYS_PER_YEAR = 365.25


def sessions_per_year(ts: npt.NDArray[np.int64], clock: SessionClock) -> float:
    """Return the trading sessions per year of 365.25 days.

    From the first to the last session date, n sessions make n - 1 steps: (n - 1) / elapsed years. Over a few
    days that overstates (Monday to Friday is 4 steps in 4 days), so it is capped at the number of different
    weekdays seen, times the weeks of a year; the cap does not bind over months.

    Raises
    ------
    DataError
        Fewer than two session dates.
    """
    dates = np.unique(clock.dates(ts))
    if len(dates) < 2:
        raise DataError(f"panel: {len(dates)} session dates; a yearly rate needs at least 2")
    steps = (len(dates) - 1) / (float(dates[-1] - dates[0]) / DAYS_PER_YEAR)
    weekdays = len(np.unique(dates % 7))
    return float(min(steps, weekdays * DAYS_PER_YEAR / 7.0))


def bars_per_year(ts: npt.NDArray[np.int64], clock: SessionClock) -> float:
    """Return the bars per year: sessions per year x mean number of bars in a session."""
    sessions = len(np.unique(clock.dates(ts)))
    return sessions_per_year(ts, clock) * len(ts) / max(sessions, 1)
