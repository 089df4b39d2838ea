"""How many sessions and bars a panel's year has."""

import numpy as np
import numpy.typing as npt

from ploutos.types.session import SessionClock, sessions_a_year


def sessions_per_year(ts: npt.NDArray[np.int64], clock: SessionClock) -> float:
    """Return the sessions per year of 365.25 days, by the calendar, see `sessions_a_year`."""
    return sessions_a_year(np.unique(clock.dates(ts)), clock.sessions_per_year)


def bars_per_year(ts: npt.NDArray[np.int64], clock: SessionClock) -> float:
    """Return the bars per year: sessions per year x the usual (median) number of bars in a session."""
    _, bars = np.unique(clock.dates(ts), return_counts=True)
    return sessions_per_year(ts, clock) * float(np.median(bars)) if bars.size else 0.0
