"""Cross-section: where a ticker stands among all tickers that have a bar at the same time."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.features.feature import CLOSE, Feature
from ploutos.features.window import lag


def cross_section(bars: Sequence[int]) -> list[Feature]:
    """Return the rank of the return over each of `bars` at the bar's time.

    Ranks are (rank - 1/2) / count - 1/2, in (-1/2, 1/2), ties averaged, over the tickers whose return is
    known (members of the universe or not: ranks do not jump when the universe changes); alone it is 0.
    """
    return [Feature(f"rank_{n}", _rank(CLOSE / lag(CLOSE, n)), n) for n in bars]


def _rank(x: pl.Expr) -> pl.Expr:
    time = pl.col("ts").to_physical()
    return pl.map_batches(
        [time, x],
        lambda columns: pl.Series(centred_rank(columns[0].to_numpy(), columns[1].to_numpy())),
        return_dtype=pl.Float64,
    )


def centred_rank(time: npt.NDArray[np.int64], x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the centred rank of `x` [R] among the rows of equal `time` [R], NaN where `x` is NaN."""
    rank = np.full(len(x), np.nan)
    known = np.flatnonzero(~np.isnan(x))
    known = known[np.lexsort((x[known], time[known]))]
    if not len(known):
        return rank
    time, x = time[known], x[known]
    new_time = np.r_[True, time[1:] != time[:-1]]
    first, count = _runs(new_time)
    tie_first, tie_count = _runs(new_time | np.r_[True, x[1:] != x[:-1]])
    # Positions from 0 within the time: the middle of the run of ties, plus 1/2, over the count.
    rank[known] = (tie_first - first + 0.5 * tie_count) / count - 0.5
    return rank


def _runs(begins: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return, for each row, the first row of its run and the length of the run."""
    starts = np.flatnonzero(begins)
    lengths = np.diff(np.r_[starts, len(begins)])
    return np.repeat(starts, lengths), np.repeat(lengths, lengths)
