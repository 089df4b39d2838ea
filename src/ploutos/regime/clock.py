"""Which bars end a session, said at each bar from that bar and earlier ones alone."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.types.session import SessionClock

USUAL_SESSIONS = 5  # sessions before: one early close among them does not change what is usual
DAY = 86_400_000_000


@dataclass(frozen=True)
class SessionEnds:
    """The bars at which a session is looked at.

    Attributes
    ----------
    row : [E] rows, increasing: the last bar of every session, and the bars that look like one.
    final : [E] True at the last bar of a session as it turned out; known from the next bar on.
    closing : [T] True at bars that look like the last of their session: none of the `USUAL_SESSIONS` sessions
        before went on later in the day. What the session has brought is shown there at once, elsewhere when
        the next session has begun.
    session : [T] number of the session, from 0.
    """

    row: npt.NDArray[np.int64]
    final: npt.NDArray[np.bool_]
    closing: npt.NDArray[np.bool_]
    session: npt.NDArray[np.int64]


def session_ends(ts: npt.NDArray[np.int64], clock: SessionClock) -> SessionEnds:
    """Return the ends of the sessions of the bars that close at `ts` [T] (microseconds, UTC).

    Whether a bar is the last of its session is known for certain only when the next session begins. The time
    of day tells it at the bar itself, except on early closes and where hours have just become longer.
    """
    dates = clock.dates(ts).astype(np.int64)
    session = np.cumsum(np.diff(dates, prepend=dates[:1]) != 0)
    wall = pl.Series(ts - 1).cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(clock.timezone)
    time = wall.dt.replace_time_zone(None).cast(pl.Int64).to_numpy() - dates * DAY
    last = np.append(session[1:] != session[:-1], True)
    usual = np.full(int(session[-1]) + 1, np.iinfo(np.int64).max)
    closes = time[last]
    for lag in range(1, min(USUAL_SESSIONS, len(closes) - 1) + 1):
        before = closes[:-lag]
        usual[lag:] = before if lag == 1 else np.maximum(usual[lag:], before)
    closing = time >= usual[session]
    row = np.flatnonzero(last | closing)
    return SessionEnds(row=row, final=last[row], closing=closing, session=session)
