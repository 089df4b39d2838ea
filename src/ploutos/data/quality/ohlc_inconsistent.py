"""Bars whose four prices contradict each other."""

from typing import Any, Literal

import polars as pl

from ploutos.data.quality.finding import Finding, Severity, judge
from ploutos.types import NonNegativeFloat, checked
from ploutos.types.bars import PRICE_COLUMNS


class OhlcInconsistent:
    """A high below the low, or an open or close outside [low, high].

    Parameters
    ----------
    action : "repaired" widens [low, high] until it holds open and close.
    tolerance : relative slack; adjusted prices are rounded.
    """

    name = "ohlc_inconsistent"
    severity: Severity = "error"

    @checked
    def __init__(
        self, *, action: Literal["kept", "masked", "repaired", "refused"], tolerance: NonNegativeFloat
    ) -> None:
        self.action = action
        self.tolerance = float(tolerance)

    def apply(self, frame: pl.DataFrame, *, file: str) -> tuple[pl.DataFrame, Finding]:
        """Judge the rows that contradict themselves by more than the tolerance."""
        top, bottom = pl.max_horizontal(PRICE_COLUMNS), pl.min_horizontal(PRICE_COLUMNS)
        slack = 1 + self.tolerance
        outside = (top > pl.col("high") * slack) | (bottom * slack < pl.col("low"))
        bad = frame.select(outside.fill_null(False).alias("bad"))["bad"]
        kept, found = judge(
            self, frame, bad, action=self.action, file=file, say=_say, threshold=self.tolerance
        )
        if self.action == "repaired" and found.count:
            kept = frame.with_columns(
                high=pl.when(bad).then(top).otherwise("high"), low=pl.when(bad).then(bottom).otherwise("low")
            )
        return kept, found


def _say(row: dict[str, Any]) -> str:
    high, low = row["high"], row["low"]
    if high < low:
        return f"high {high:g} is below low {low:g}"
    column = max(("open", "close"), key=lambda name: max(row[name] / high, low / row[name]))
    return f"{column} {row[column]:g} is outside [low {low:g}, high {high:g}]"
