"""Prices of nothing and negative volumes."""

from typing import Any, Literal

import polars as pl

from ploutos.data.quality.finding import Finding, Severity, judge
from ploutos.types import checked
from ploutos.types.bars import PRICE_COLUMNS


class NonPositive:
    """A price of zero or less, or a volume below zero."""

    name = "non_positive"
    severity: Severity = "error"

    @checked
    def __init__(self, *, action: Literal["masked", "refused"]) -> None:
        self.action = action

    def apply(self, frame: pl.DataFrame, *, file: str) -> tuple[pl.DataFrame, Finding]:
        """Judge the rows that have such a value; a null or NaN is none."""
        bad = frame.select(
            (pl.any_horizontal(pl.col(PRICE_COLUMNS) <= 0) | (pl.col("volume") < 0))
            .fill_null(False)
            .alias("bad")
        )["bad"]
        return judge(self, frame, bad, action=self.action, file=file, say=_say)


def _say(row: dict[str, Any]) -> str:
    for column in PRICE_COLUMNS:
        if row[column] <= 0:
            return f"{column} is {row[column]:g}, must be finite and positive"
    return f"volume is {row['volume']:g}, must be finite and zero or more"
