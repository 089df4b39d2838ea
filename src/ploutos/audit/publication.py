"""Times of publication: known, in order, and after the close of the day that they tell of."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.audit.tally import Tally

Axis = npt.NDArray[np.int64]

HOUR = 3_600_000_000  # microseconds
WEEKEND = 60 * HOUR  # closures longer than this ...
MORNING_AFTER = 36 * HOUR  # ... have a part in which the last session's values come out
DAILY = 0.9  # share of the sessions with a publication from which a series counts as daily
LEAST_WEEKENDS = 8
RUN = 5  # first values that are all the same: filled backwards


def audit_publication(tally: Tally, levels: pl.DataFrame, ts: Axis, closes: Axis) -> None:
    """Note levels that are out of order, filled backwards, or published on the day that they tell of.

    Parameters
    ----------
    levels : `available_at` and one column a level.
    ts : [T] bar closes; `closes` : [S] those that end a session.
    """
    at = levels["available_at"]
    if at.null_count() or not at.is_sorted() or at.n_unique() < len(at):
        tally.add(
            "available_at", None, "available_at", "times of publication are not sorted, unique and known"
        )
        return
    for name in (column for column in levels.columns if column != "available_at"):
        known = levels.filter(pl.col(name).is_not_null() & pl.col(name).cast(pl.Float64).is_not_nan())
        times, values = known["available_at"].dt.timestamp("us").to_numpy(), known[name].to_numpy()
        if len(values) > RUN and (values[:RUN] == values[0]).all() and (values != values[0]).any():
            run = int((values != values[0]).argmax())
            detail = f"its first {run} values are all {values[0]:g}: filled backwards?"
            tally.add(name, int(times[0]), "back-fill", detail)
        day = same_day(times, closes)
        if day is not None:
            tally.add(name, day, "available_at", SAME_DAY)


SAME_DAY = (
    "published before the close of every session and never in the day after a week's last one: a close of the"
    " same day, before it happened"
)


def same_day(times: Axis, closes: Axis) -> int | None:
    """Return the first time at which a daily close seems to be known in its own session, None if it is not.

    A close of day D that comes out on day D + lag does so on days without a session, too: Friday's on
    Saturday. A series with a value for nearly every session and none in the first part of any weekend tells
    of the day on which it comes out. Where that is after the close, as with 16:15, this is well.
    """
    inside = [(a, b) for a, b in pairwise(closes.tolist()) if len(times) and times[0] <= b and a <= times[-1]]
    weekends = [(a, b) for a, b in inside if b - a > WEEKEND]
    if len(weekends) < LEAST_WEEKENDS:
        return None

    def any_in(a: int, b: int) -> bool:
        return bool(np.searchsorted(times, b, side="right") > np.searchsorted(times, a, side="right"))

    daily = sum(any_in(a, b) for a, b in inside) >= DAILY * len(inside)
    if not daily or any(any_in(a, a + MORNING_AFTER) for a, _ in weekends):
        return None
    first = int(times[np.searchsorted(times, weekends[0][0], side="right")])
    return first
