"""Bars that reach too far from their closes."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from ploutos.data.quality.levels import Flags, Floats


@dataclass(frozen=True)
class Wicks:
    """[R] which prices of a bar lie too far out."""

    open: Flags
    high: Flags
    low: Flags

    @property
    def any(self) -> Flags:
        """[R] whether one of them does."""
        return self.open | self.high | self.low

    def among(self, rows: Flags) -> "Wicks":
        """Return the same for some of the rows; none elsewhere."""
        return Wicks(self.open & rows, self.high & rows, self.low & rows)


def wicks(frame: pl.DataFrame, close: Floats, believed: Floats, factor: float) -> Wicks:
    """Find prices more than `factor` times above the higher, or below the lower, of two closes.

    `close` and `believed` [R] are the bar's own close and the believed one before it: a bar may well open at
    the old level and close at the new one.
    """
    top, bottom = factor * np.maximum(close, believed), np.minimum(close, believed) / factor
    opens, highs, lows = (frame[name].to_numpy() for name in ("open", "high", "low"))
    return Wicks((opens > top) | (opens < bottom), highs > top, lows < bottom)


def cut(frame: pl.DataFrame, found: Wicks) -> pl.DataFrame:
    """Cut the highs and lows that lie too far out back to open and close, where the open does not."""
    high, low = pl.Series(found.high & ~found.open), pl.Series(found.low & ~found.open)
    return frame.with_columns(
        high=pl.when(high).then(pl.max_horizontal("open", "close")).otherwise("high"),
        low=pl.when(low).then(pl.min_horizontal("open", "close")).otherwise("low"),
    )
