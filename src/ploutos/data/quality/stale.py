"""A feed that repeats its last bar."""

from typing import Annotated, Any

import numpy as np
import polars as pl
from pydantic import Field

from ploutos.data.quality.finding import Finding, Judgement, Severity, judge
from ploutos.types import checked
from ploutos.types.bars import PRICE_COLUMNS


class Stale:
    """A bar whose four prices equal those of the bars before it.

    Parameters
    ----------
    action : what to do from the last of `bars` equal bars on; the earlier ones cannot be told from others
        while they happen, so they always stay.
    bars : equal bars in a row that are too many.
    """

    name = "stale"
    severity: Severity = "warning"

    @checked
    def __init__(self, *, action: Judgement, bars: Annotated[int, Field(ge=2)]) -> None:
        self.action = action
        self.bars = int(bars)

    def apply(self, frame: pl.DataFrame, *, file: str) -> tuple[pl.DataFrame, Finding]:
        """Judge the stale rows of a frame sorted by (ticker, ts)."""
        same = [pl.col(name) == pl.col(name).shift(1) for name in ("ticker", *PRICE_COLUMNS)]
        equal = frame.select(pl.all_horizontal(same).fill_null(False).alias("equal"))["equal"]
        row = np.arange(frame.height)
        began = np.maximum.accumulate(np.where(equal.to_numpy(), 0, row))
        bad = pl.Series(row - began + 1 >= self.bars, dtype=pl.Boolean)
        return judge(
            self, frame, bad, action=self.action, file=file, say=self._say, threshold=float(self.bars)
        )

    def _say(self, row: dict[str, Any]) -> str:
        return f"{self.bars} bars in a row have the same prices, close {row['close']:g}"
