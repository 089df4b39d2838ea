"""Bars in which nothing was traded."""

from typing import Any

import polars as pl

from ploutos.data.quality.finding import Finding, Judgement, Severity, judge
from ploutos.types import checked


class ZeroVolume:
    """A volume of zero: a quote rather than a trade, or a source that knows no volumes."""

    name = "zero_volume"
    severity: Severity = "info"

    @checked
    def __init__(self, *, action: Judgement) -> None:
        self.action = action

    def apply(self, frame: pl.DataFrame, *, file: str) -> tuple[pl.DataFrame, Finding]:
        """Judge the rows without volume."""
        bad = frame.select(pl.col("volume") == 0)["volume"]
        return judge(self, frame, bad, action=self.action, file=file, say=_say)


def _say(row: dict[str, Any]) -> str:
    return f"volume is {row['volume']:g}, must be more than zero"
