"""Bars that have not happened yet."""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import polars as pl

from ploutos.data.quality.finding import Finding, Severity, judge
from ploutos.types import checked

SLACK = timedelta(days=1)  # a session's label may lie ahead of its last print, and clocks differ


class Future:
    """A bar that closes more than a day after now.

    It is told and not masked: what a file yields must not depend on the day on which it is read.
    """

    name = "future"
    severity: Severity = "error"

    @checked
    def __init__(self, *, action: Literal["kept", "refused"]) -> None:
        self.action = action

    def apply(self, frame: pl.DataFrame, *, file: str) -> Finding:
        """Count such rows; `ts` (Datetime[us, UTC]) closes a bar."""
        bad = frame.select((pl.col("ts") > datetime.now(UTC) + SLACK).fill_null(False)).to_series()
        return judge(self, frame, bad, action=self.action, file=file, say=_say)[1]


def _say(row: dict[str, Any]) -> str:
    return f"close {row['close']} lies in the future"
