"""Prices and volumes that are no numbers."""

import math
from typing import Any, Literal

import polars as pl

from ploutos.data.quality.finding import VALUES, Finding, Severity, judge
from ploutos.types import checked


class NotFinite:
    """A price or volume that is null, NaN or infinite."""

    name = "not_finite"
    severity: Severity = "error"

    @checked
    def __init__(self, *, action: Literal["masked", "refused"]) -> None:
        self.action = action

    def apply(self, frame: pl.DataFrame, *, file: str) -> tuple[pl.DataFrame, Finding]:
        """Judge the rows that have such a value."""
        bad = frame.select(pl.any_horizontal(~pl.col(VALUES).is_finite().fill_null(False)).alias("bad"))[
            "bad"
        ]
        return judge(self, frame, bad, action=self.action, file=file, say=_say)


def _say(row: dict[str, Any]) -> str:
    column = next(name for name in VALUES if row[name] is None or not math.isfinite(row[name]))
    found = "null" if row[column] is None else f"{row[column]:g}"
    wanted = "zero or more" if column == "volume" else "positive"
    return f"{column} is {found}, must be finite and {wanted}"
