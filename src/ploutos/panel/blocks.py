"""Features of many tickers, some tickers at a time: all columns of a large market do not fit into memory."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.data.corporate.adjust import forward_adjusted
from ploutos.features.families.cross_section import centred_rank_rows
from ploutos.panel.align import (
    Axis,
    align_column,
    align_features,
    by_ticker,
    end_delisted,
    last_known,
    time_of,
)
from ploutos.types import Bars

ROWS_AT_ONCE = 500_000

Allocate = Callable[[str, tuple[int, ...], npt.DTypeLike], npt.NDArray[Any]]
"""Gives room for the panel's array of that name, shape and type."""


def in_memory(name: str, shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return an ordinary array."""
    return np.empty(shape, dtype)


class FeatureSet(Protocol):
    """Turns bars into columns."""

    @property
    def warmup_bars(self) -> int:
        """Rows of a ticker that precede its first row without NaN."""
        ...

    def names(self, signals: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the columns, signals last."""
        ...

    def compute(self, frame: pl.DataFrame, signals: tuple[str, ...]) -> pl.DataFrame:
        """Return `ts`, `ticker` and the columns, row by row as in `frame`."""
        ...

    def fingerprint(self) -> dict[str, Any]:
        """Return what decides the columns, JSON-ready."""
        ...


@runtime_checkable
class ByTicker(Protocol):
    """A feature set that can be computed for some tickers at a time, but for the columns `ranked`."""

    @property
    def ranked(self) -> tuple[str, ...]:
        """Return the columns in which `by_ticker` leaves values that are still to be ranked."""
        ...

    def by_ticker(self, frame: pl.DataFrame, signals: tuple[str, ...]) -> pl.DataFrame:
        """Return what `compute` returns, before ranking."""
        ...


def feature_array(
    features: FeatureSet,
    bars: Bars,
    ts: Axis,
    tickers: tuple[str, ...],
    delist_bar: npt.NDArray[np.int32],
    allocate: Allocate,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Return the features [T, N, F] as in `Panel`, and where all of them are known [T, N].

    They are computed from forward-adjusted bars: no split or dividend shows as a return.
    """
    names = features.names(bars.signals)
    values = allocate("features", (len(ts), len(tickers), len(names)), np.float32)
    known = np.empty(values.shape[:2], np.bool_)

    def put(part: slice, frame: pl.DataFrame) -> None:
        block = align_features(frame, ts, tickers[part], names)
        end_delisted(block, delist_bar[part])
        values[:, part] = block
        known[:, part] = np.isfinite(block).all(axis=-1)

    if not isinstance(features, ByTicker):
        adjusted = forward_adjusted(bars.frame, bars.actions)
        put(slice(0, len(tickers)), features.compute(adjusted, bars.signals))
        return values, known
    raw = {name: np.full(known.shape, np.nan) for name in features.ranked}

    def compute(part: slice, rows: slice) -> None:
        actions = bars.actions.filter(pl.col("ticker").is_in(tickers[part]))
        frame = features.by_ticker(forward_adjusted(bars.frame[rows], actions), bars.signals)
        for name, grid in raw.items():
            align_column(frame, name, ts, tickers[part], grid[:, part])
        put(part, frame)

    # Polars and NumPy let go of the interpreter: two blocks at once use two cores.
    with ThreadPoolExecutor(pl.thread_pool_size()) as pool:
        for done in [pool.submit(compute, part, rows) for part, rows in blocks(bars.frame, tickers)]:
            done.result()
    for name in features.ranked:
        rank = carried(centred_rank_rows(raw.pop(name)), bars, ts, tickers)
        column = rank.astype(np.float32)[:, :, None]
        end_delisted(column, delist_bar)
        values[:, :, names.index(name)] = column[:, :, 0]
    return values, known


def blocks(frame: pl.DataFrame, tickers: tuple[str, ...]) -> Iterator[tuple[slice, slice]]:
    """Yield runs of tickers of about `ROWS_AT_ONCE` rows: their columns, and their rows in a sorted frame."""
    first, start, stop = 0, 0, 0
    for n, rows in by_ticker(frame, tickers):
        if n > first and rows.stop - start > ROWS_AT_ONCE:
            yield slice(first, n), slice(start, rows.start)
            first, start = n, rows.start
        stop = rows.stop
    yield slice(first, len(tickers)), slice(start, stop)


def carried(
    grid: npt.NDArray[np.float64], bars: Bars, ts: Axis, tickers: tuple[str, ...]
) -> npt.NDArray[np.float64]:
    """Return `grid` [T, N], known at bars, with each ticker's last value carried over rows without a bar."""
    times = time_of(bars.frame)
    out = np.full(grid.shape, np.nan)
    for n, rows in by_ticker(bars.frame, tickers):
        at = np.searchsorted(ts, times[rows])
        out[at[0] :, n] = grid[at, n][last_known(at, len(ts))]
    return out
