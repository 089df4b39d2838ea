"""Which closes to believe, judged bar by bar from the past alone."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int8]

ACCEPTED, SPIKE, SHIFTED, BARRED = 0, 1, 2, 3
"""What became of a bar: believed; not believed; the first believed bar of a new level; of a level that stays,
but lies beyond the rise limit."""


@dataclass(frozen=True, kw_only=True)
class Belief:
    """When a jump of the price is believed.

    Attributes
    ----------
    factor : a close at most this many times above or below the last believed one is believed at once.
    confirm_bars : a farther one becomes the new level when this many further bars agree with it.
    rise_limit : a new level more than this many times above the last believed one is never believed.
    settle_bars : the limit does not hold against a level of fewer bars than this: new listings begin with
        test prints.
    """

    factor: float
    confirm_bars: int
    rise_limit: float
    settle_bars: int

    def near(self, one: float, other: float) -> bool:
        """Say whether two prices lie within the factor of each other."""
        return max(one, other) <= self.factor * min(one, other)


def walk(close: Floats, fresh: Flags, belief: Belief) -> tuple[Codes, Floats]:
    """Judge every close by the closes before it.

    With A the last believed close and P the last doubtful one since (if any), a close x is believed, and
    becomes A, if it lies within `factor` of A, or if it and the `confirm_bars` closes before it agree (each
    within `factor` of the one before) and x <= `rise_limit` A. Else it becomes P, barred if only the limit
    speaks against it, a spike otherwise.

    Parameters
    ----------
    close : [R] comparable across splits, > 0; tickers one after the other, each in order of time.
    fresh : [R] rows without a past to compare with; they are believed.

    Returns
    -------
    codes : [R] `ACCEPTED`, `SPIKE`, `SHIFTED` or `BARRED`.
    anchor : [R] the last believed close before each row; its own where fresh.

    Notes
    -----
    Most rows lie near the row directly before them. Only the others, and what follows each until a close is
    believed again, are visited one by one.
    """
    anchor = np.roll(close, 1)
    anchor[fresh] = close[fresh]
    codes = np.zeros(close.size, np.int8)
    far = np.flatnonzero(np.maximum(close, anchor) > belief.factor * np.minimum(close, anchor))
    life = np.maximum.accumulate(np.where(fresh, np.arange(close.size), 0))
    row = shifted = 0
    for start in far.tolist():
        if start < row:
            continue
        row, jumped = _doubt(close, fresh, belief, start, max(int(life[start]), shifted), codes, anchor)
        shifted = row - 1 if jumped else shifted
    return codes, anchor


def _doubt(
    close: Floats, fresh: Flags, belief: Belief, start: int, began: int, codes: Codes, anchor: Floats
) -> tuple[int, bool]:
    """Judge the rows from the far one at `start` until one is believed; write `codes` and `anchor`.

    `began` is the first row of the level that holds before `start`. Returns the row after the last one
    judged, and whether that one began a new level.
    """
    believed = float(close[start - 1])
    doubtful, since, agreeing = 0.0, start, 0
    row = start
    while row < close.size and not fresh[row]:
        price = float(close[row])
        anchor[row] = believed
        if belief.near(price, believed):
            return row + 1, False
        agreeing = agreeing + 1 if belief.near(price, doubtful) else 0
        since = since if agreeing else row
        reachable = price <= belief.rise_limit * believed or since - began < belief.settle_bars
        confirmed = agreeing >= belief.confirm_bars
        if confirmed and reachable:
            codes[row] = SHIFTED
            return row + 1, True
        codes[row] = BARRED if confirmed else SPIKE
        doubtful = price
        row += 1
    return row, False
