"""Features of many tickers, some tickers at a time: all columns of a large market do not fit into memory."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.data.corporate.adjust import forward_adjusted
from ploutos.features.engine.across import carry
from ploutos.features.feature_columns import mean_or_nan
from ploutos.panel.align import Axis, align_features, by_ticker, end_delisted, time_of
from ploutos.types import Bars

ROWS_AT_ONCE = 500_000
TIMES_AT_ONCE = 4096
PAGE = 4096  # bytes

Floats = npt.NDArray[np.float64]

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
    """A feature set that writes some tickers at a time into the panel's array, then compares them."""

    @property
    def reads_market(self) -> bool:
        """Whether features read the market's return, and with it earlier returns of all tickers."""
        ...

    @property
    def memory_bars(self) -> int:
        """Rows of a ticker before a row that may still change one of its values."""
        ...

    def clock_values(self, ts: Axis) -> npt.NDArray[np.float32]:
        """Return the columns that time alone decides, [T, K]."""
        ...

    def add_to_market(self, frame: pl.DataFrame, when: Axis, total: Floats, count: Axis) -> None:
        """Add the log returns of bars to sums and counts by time [T]; `when` [R] is each bar's time."""
        ...

    def write(
        self,
        frame: pl.DataFrame,
        signals: tuple[str, ...],
        *,
        clock: npt.NDArray[np.float32],
        market: Floats,
        when: Axis,
        rows: Axis,
        out: npt.NDArray[np.float32],
    ) -> None:
        """Write each row of `frame` into row `rows` of `out`."""
        ...

    def compare(self, out: npt.NDArray[np.float32], order: Axis, starts: Axis) -> None:
        """Finish the columns across tickers; time t has the rows order[starts[t]:starts[t + 1]] of `out`."""
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
    if isinstance(features, ByTicker):
        return values, _write_in_blocks(features, bars, ts, tickers, delist_bar, values)
    adjusted = forward_adjusted(bars.frame, bars.actions)
    values[:] = align_features(features.compute(adjusted, bars.signals), ts, tickers, names)
    end_delisted(values, delist_bar)
    return values, np.asarray(np.isfinite(values).all(axis=-1))


def _write_in_blocks(
    features: ByTicker,
    bars: Bars,
    ts: Axis,
    tickers: tuple[str, ...],
    delist_bar: npt.NDArray[np.int32],
    values: npt.NDArray[np.float32],
) -> npt.NDArray[np.bool_]:
    """Write the features into `values`; return where all of them are known [T, N]."""
    clock, parts = features.clock_values(ts), list(blocks(bars.frame, tickers))
    traded = np.zeros(values.shape[:2], np.bool_)
    cells = values.reshape(-1, values.shape[2])
    # A ticker's rows lie far apart: memory is fetched in order before, a page here and there costs much more.
    values.reshape(-1)[:: PAGE // values.itemsize] = np.nan

    def adjusted(part: slice, rows: slice) -> pl.DataFrame:
        actions = bars.actions.filter(pl.col("ticker").is_in(tickers[part]))
        return forward_adjusted(bars.frame[rows], actions)

    total, count = np.zeros(len(ts)), np.zeros(len(ts), np.int64)
    for part, rows in parts if features.reads_market else ():  # in one order: sums have one value
        frame = adjusted(part, rows)
        features.add_to_market(frame, np.searchsorted(ts, time_of(frame)), total, count)
    market = mean_or_nan(total, count)

    def write(part: slice, rows: slice) -> None:
        frame = adjusted(part, rows)
        when, column = np.searchsorted(ts, time_of(frame)), np.empty(len(frame), np.int64)
        for n, own in by_ticker(frame, tickers[part]):
            column[own] = part.start + n
        traded[when, column] = True
        place = when * len(tickers) + column
        features.write(frame, bars.signals, clock=clock, market=market, when=when, rows=place, out=cells)

    def finish(start: int, stop: int) -> None:
        order = np.flatnonzero(traded[start:stop]) + start * len(tickers)
        counts = traded[start:stop].sum(axis=1)
        features.compare(cells, order, np.append(0, np.cumsum(counts)))

    known = np.empty(values.shape[:2], np.bool_)

    def fill(part: slice) -> None:
        carry(values, traded, delist_bar, known, part.start, part.stop)

    # The kernels let go of the interpreter: two blocks at once use two cores.
    with ThreadPoolExecutor(pl.thread_pool_size()) as pool:
        for done in [pool.submit(write, part, rows) for part, rows in parts]:
            done.result()
        # All blocks are written: from here on by time, then again by ticker.
        steps = range(0, len(ts), TIMES_AT_ONCE)
        for done in [pool.submit(finish, start, min(start + TIMES_AT_ONCE, len(ts))) for start in steps]:
            done.result()
        for done in [pool.submit(fill, part) for part, _ in parts]:
            done.result()
    return known


def blocks(frame: pl.DataFrame, tickers: tuple[str, ...]) -> Iterator[tuple[slice, slice]]:
    """Yield runs of tickers of about `ROWS_AT_ONCE` rows: their columns, and their rows in a sorted frame."""
    first, start, stop = 0, 0, 0
    for n, rows in by_ticker(frame, tickers):
        if n > first and rows.stop - start > ROWS_AT_ONCE:
            yield slice(first, n), slice(start, rows.start)
            first, start = n, rows.start
        stop = rows.stop
    yield slice(first, len(tickers)), slice(start, stop)
