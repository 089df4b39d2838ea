"""Cross-section: where a ticker stands among all tickers that have a bar at the same time."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ploutos.features.feature import CLOSE, Feature
from ploutos.features.window import lag

ROWS_AT_ONCE = 4096


def cross_section(bars: Sequence[int]) -> list[Feature]:
    """Return the rank of the return over each of `bars` at the bar's time (see `centred_rank`).

    Ranks run over the tickers whose return is known, members of the universe or not: they do not jump when
    the universe changes.
    """
    return [Feature(f"rank_{n}", CLOSE / lag(CLOSE, n), n, ranked=True) for n in bars]


def centred_rank(time: npt.NDArray[np.int64], x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return (rank - 1/2) / count - 1/2 of `x` [R] among the rows of equal `time` [R], NaN where `x` is NaN.

    In (-1/2, 1/2), ties averaged; alone it is 0.
    """
    rank = np.full(len(x), np.nan)
    known = np.flatnonzero(~np.isnan(x))
    known = known[np.lexsort((x[known], time[known]))]
    if not len(known):
        return rank
    time, x = time[known], x[known]
    new_time = np.r_[True, time[1:] != time[:-1]]
    first, count = _runs(new_time)
    tie_first, tie_count = _runs(new_time | np.r_[True, x[1:] != x[:-1]])
    rank[known] = _centred(tie_first - first, tie_count, count)
    return rank


def centred_rank_rows(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return `centred_rank` within each row of a grid [T, N]."""
    rank = np.full(x.shape, np.nan)
    for start in range(0, len(x), ROWS_AT_ONCE):
        part = x[start : start + ROWS_AT_ONCE]
        row = np.repeat(np.arange(len(part)), part.shape[1])
        order = np.argsort(part, axis=1)  # NaN last
        ordered = np.take_along_axis(part, order, axis=1).ravel()
        changes = np.r_[True, (ordered[1:] != ordered[:-1]) | (row[1:] != row[:-1])]
        tie_first, tie_count = _runs(changes)
        count = np.repeat((~np.isnan(part)).sum(axis=1), part.shape[1])
        with np.errstate(invalid="ignore", divide="ignore"):
            values = _centred(tie_first - row * part.shape[1], tie_count, count)
        values[np.isnan(ordered)] = np.nan
        np.put_along_axis(rank[start : start + ROWS_AT_ONCE], order, values.reshape(part.shape), axis=1)
    return rank


def _centred(
    before: npt.NDArray[np.int64], ties: npt.NDArray[np.int64], count: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Return the middle of the run of `ties` after `before` lower values, over the `count`, centred."""
    middle: npt.NDArray[np.float64] = (before + 0.5 * ties) / count - 0.5
    return middle


def _runs(begins: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return, for each row, the first row of its run and the length of the run."""
    starts = np.flatnonzero(begins)
    lengths = np.diff(np.r_[starts, len(begins)])
    return np.repeat(starts, lengths), np.repeat(lengths, lengths)
