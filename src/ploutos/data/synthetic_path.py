"""One simulated market as arrays, hidden state included, and its translation into `Bars`."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.data.synthetic_random import FloatArray
from ploutos.types import Bars


@dataclass(frozen=True, kw_only=True)
class MarketPath:
    """T bars of N assets. Arrays go on after a delisting; `alive` says what exists.

    Attributes
    ----------
    ts : close times, microseconds since the epoch UTC [T].
    regime : index into `regime_names` known at ts; it governs the *next* bar [T].
    open, high, low, close, volume : [T, N].
    signal : known at ts [T, N].
    idio : idiosyncratic log return, close to close, of the bar that ends at ts [T, N].
    expected_return : conditional expected simple return of the next bar, close to close [T, N].
    last_row : row of each asset's last bar [N]; T - 1 for those that survive.
    delisting_return : fraction of the last close [N]; 0 for those that survive.
    """

    ts: npt.NDArray[np.int64]
    tickers: tuple[str, ...]
    regime_names: tuple[str, ...]
    regime: npt.NDArray[np.int8]
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray
    signal: FloatArray
    idio: FloatArray
    expected_return: FloatArray
    last_row: npt.NDArray[np.int64]
    delisting_return: FloatArray

    @property
    def alive(self) -> npt.NDArray[np.bool_]:
        """Whether the asset has a bar [T, N]."""
        return np.arange(len(self.ts))[:, None] <= self.last_row

    def to_bars(self) -> Bars:
        """Return the long form that every source yields, sorted by (ticker, ts)."""
        alive = self.alive
        columns = ("open", "high", "low", "close", "volume", "signal")
        frame = self._long(alive, columns)
        has_next = np.vstack([alive[1:], np.zeros((1, alive.shape[1]), dtype=bool)])
        ended = np.nonzero(self.last_row < len(self.ts) - 1)[0]
        delistings = pl.DataFrame(
            {
                "ticker": pl.Series([self.tickers[i] for i in ended], dtype=pl.String),
                "ts": _utc(self.ts[self.last_row[ended]]),
                "delisting_return": pl.Series(self.delisting_return[ended], dtype=pl.Float64),
            }
        )
        return Bars(
            frame=frame,
            signals=("signal",),
            delistings=delistings,
            expected_return=self._long(has_next, ("expected_return",)),
            quality={
                "rows_kept": frame.height,
                "tickers": len(self.tickers),
                "delisted": len(ended),
                "first": _utc(self.ts[:1])[0].isoformat(),
                "last": _utc(self.ts[-1:])[0].isoformat(),
            },
        )

    def _long(self, keep: npt.NDArray[np.bool_], columns: tuple[str, ...]) -> pl.DataFrame:
        keep = keep.T
        asset, row = np.nonzero(keep)
        return pl.DataFrame(
            {
                "ts": _utc(self.ts[row]),
                "ticker": pl.Series(self.tickers, dtype=pl.String).gather(asset),
                **{name: getattr(self, name).T[keep] for name in columns},
            }
        )


def _utc(ts: npt.NDArray[np.int64]) -> pl.Series:
    return pl.Series(ts).cast(pl.Datetime("us", "UTC"))
