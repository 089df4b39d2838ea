"""Features bar by bar: the program of the batch, one row at a time, from the columns it keeps."""

import itertools
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.features.engine.across import add_returns
from ploutos.features.engine.kernel import add_bar
from ploutos.features.engine.runner import BAR_INPUTS, Features
from ploutos.features.feature_columns import BAR_COLUMNS, FeatureColumns, mean_or_nan
from ploutos.types import DataError, one_of

SPARE = 32  # rows after which what is kept moves back to the front; more would not stay in the cache
STEP, DAY = 300_000_000, 288  # microseconds; steps


class LiveFeatures:
    """The latest features of some tickers, equal to those of the batch to the bit.

    Bars are forward-adjusted as in the panel (`ploutos.data.corporate.adjust`). Values of a ticker without a
    bar stay what they were.

    Parameters
    ----------
    features : declared features.
    tickers : sorted; their order is that of the rows.
    signals : names of columns that pass through.
    """

    def __init__(
        self, *, features: FeatureColumns, tickers: tuple[str, ...], signals: tuple[str, ...]
    ) -> None:
        if list(tickers) != sorted(set(tickers)):
            raise DataError("live features: tickers must be sorted, each once")
        self.features = features
        self.tickers = tickers
        self.signals = signals
        self.names = features.names(signals)
        count = len(tickers)
        self.layout = features.plan.program.layout(SPARE)
        self._room = np.tile(self.layout.empty, (count, 1))
        self._row, self._at = np.zeros((2, count), np.int64)
        self._written = np.empty((len(features.plan.places), 1), np.float32)
        self._close = np.full(count, np.nan)
        self._ts = int(np.iinfo(np.int64).min)
        self._day = -1
        self._steps: Features = np.empty((0, 0), np.float32)
        self.values: Features = np.full((count, len(self.names)), np.nan, np.float32)

    def catch_up(self, frame: pl.DataFrame) -> None:
        """Take in bars sorted by (ticker, ts); the set's `history` says which of them are enough.

        Raises
        ------
        DataError
            A ticker that is none of `tickers`, or a bar that is not later than those before.
        """
        strangers = set(frame["ticker"].unique()) - set(self.tickers)
        if strangers:
            raise one_of("live features: ticker", min(strangers), self.tickers)
        column = {ticker: n for n, ticker in enumerate(self.tickers)}
        ordered = frame.sort("ts", "ticker")
        numbers = ordered.select(
            pl.col(*BAR_COLUMNS, *self.signals).cast(pl.Float64).fill_null(np.nan)
        ).to_numpy()
        where = ordered["ticker"].replace_strict(column, return_dtype=pl.Int64).to_numpy()
        ts = ordered["ts"].dt.timestamp("us").to_numpy()
        later = np.flatnonzero(np.diff(ts)) + 1
        for start, stop in itertools.pairwise([0, *later.tolist(), len(ts)] if len(ts) else []):
            bars = np.full((len(self.tickers), numbers.shape[1]), np.nan)
            bars[where[start:stop]] = numbers[start:stop]
            known = np.zeros(len(self.tickers), np.bool_)
            known[where[start:stop]] = True
            self.update(int(ts[start]), bars, known)

    def update(self, ts: int, bars: npt.NDArray[np.float64], known: npt.NDArray[np.bool_]) -> Features:
        """Take in the bars that close at `ts` and return all features [N, F], valid until the next update.

        Parameters
        ----------
        ts : microseconds since the epoch UTC, later than in the last update.
        bars : [N, 5 + S] open, high, low, close, volume, then signals; any number where there is no bar.
        known : [N] who has a bar.

        Raises
        ------
        DataError
            `ts` is not later, or `bars` has another shape.
        """
        shape = len(self.tickers), len(BAR_COLUMNS) + len(self.signals)
        if bars.shape != shape or known.shape != shape[:1]:
            raise DataError(f"live features: bars of shape {bars.shape}; expected {shape}")
        if ts <= self._ts:
            raise DataError(f"live features: a bar at {ts} after one at {self._ts}; times must increase")
        self._ts = ts
        place = np.flatnonzero(known)
        inputs = np.empty((shape[0], BAR_INPUTS, 1))
        inputs[:, :-1, 0] = bars[:, : len(BAR_COLUMNS)]
        inputs[:, -1] = self._market(bars[:, BAR_COLUMNS.index("close")], place)
        plan, layout = self.features.plan, self.layout
        program = layout.code, layout.number, layout.table, layout.origin, layout.depth
        state = self._row, self._at, plan.places, self.values, self._room, self._written
        add: Any = add_bar  # type checkers do not unpack several tuples
        add(*program, inputs, known, *state, layout.capacity)
        self.values[np.ix_(place, plan.clock_places)] = self._clock(ts)
        with np.errstate(over="ignore"):
            self.values[place, len(self.features.features) :] = bars[place, len(BAR_COLUMNS) :]
        self.features.compare(self.values, place, np.array([0, len(place)], np.int64))
        return self.values

    def _clock(self, ts: int) -> Features:
        """Return what time alone decides; a day's steps are computed at once, which takes as long as one."""
        step, rest = divmod(ts, STEP)
        if rest:
            return self.features.clock_values(np.array([ts], np.int64))
        day = step // DAY
        if day != self._day:
            self._steps = self.features.clock_values(np.arange(day * DAY, (day + 1) * DAY) * STEP)
            self._day = day
        return self._steps[step - day * DAY, None]

    def _market(self, close: npt.NDArray[np.float64], place: npt.NDArray[np.int64]) -> Any:
        """Return the market's return now, and remember the closes."""
        total, count, now = np.zeros(1), np.zeros(1, np.int64), np.zeros(2, np.int64)
        if self.features.reads_market:
            for n in place:
                add_returns(np.array([self._close[n], close[n]]), now, total, count)
        self._close[place] = close[place]
        return mean_or_nan(total, count)[0]
