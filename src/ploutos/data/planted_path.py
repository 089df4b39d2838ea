"""A planted market as arrays, truth included, and its translation into `Bars`."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.data.planted_returns import Moves, Traits
from ploutos.data.synthetic_random import FloatArray
from ploutos.types import Bars
from ploutos.types.bars import PRICE_COLUMNS


@dataclass(frozen=True, kw_only=True)
class PlantedPath:
    """T bars of N assets.

    Attributes
    ----------
    ts : close times, microseconds since the epoch UTC [T].
    grids : open, high, low, close, volume [T, N].
    signals : by name, as seen at the close of each bar [T, N].
    score : what the next bar's return follows [T, N].
    moves, traits : what prices were made of.
    """

    ts: npt.NDArray[np.int64]
    tickers: tuple[str, ...]
    grids: dict[str, FloatArray]
    signals: dict[str, FloatArray]
    score: FloatArray
    moves: Moves
    traits: Traits

    def to_bars(self) -> Bars:
        """Return the long form that every source yields, sorted by (ticker, ts)."""
        bars, count = len(self.ts), len(self.tickers)
        when = pl.Series(np.tile(self.ts, count)).cast(pl.Datetime("us", "UTC"))
        who = pl.Series(self.tickers, dtype=pl.String).gather(np.repeat(np.arange(count), bars))
        columns = {name: self.grids[name] for name in (*PRICE_COLUMNS, "volume")} | self.signals
        frame = pl.DataFrame({"ts": when, "ticker": who, **{n: _long(grid) for n, grid in columns.items()}})
        truth = pl.DataFrame({"ts": when, "ticker": who, "expected_return": _long(self.moves.expected)})
        return Bars(
            frame=frame,
            signals=tuple(self.signals),
            # Of the bar after the last there is nothing to expect.
            expected_return=truth.filter(np.tile(np.arange(bars) < bars - 1, count)),
            quality={
                "rows_kept": frame.height,
                "tickers": count,
                "delisted": 0,
                "first": when[0].isoformat(),
                "last": when[bars - 1].isoformat(),
            },
        )


def _long(grid: FloatArray) -> FloatArray:
    return np.ascontiguousarray(grid.T).ravel()
