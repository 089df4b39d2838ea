"""Rows that belong to no ticker or to no time."""

from typing import Any, Literal

import polars as pl

from ploutos.data.quality.finding import Finding, Severity, finding
from ploutos.types import DataError, checked


class MissingKey:
    """A row without `ticker` or `ts`, such as a header line that was read as data."""

    name = "missing_key"
    severity: Severity = "warning"

    @checked
    def __init__(self, *, action: Literal["dropped", "refused"]) -> None:
        self.action = action

    def apply(self, frame: pl.DataFrame, *, file: str) -> tuple[pl.DataFrame, Finding]:
        """Drop or refuse such rows; a refusal names the row's number in the file, from 0."""
        nameless = pl.col("ticker").is_null() | (pl.col("ticker") == "")
        bad = frame.select((nameless | pl.col("ts").is_null()).alias("bad"))["bad"]
        rows = frame.filter(bad)
        if self.action == "refused" and not rows.is_empty():
            raise _refusal(file, int(bad.arg_max() or 0), rows.row(0, named=True))
        kept = frame if rows.is_empty() else frame.filter(~bad)
        return kept, finding(self, rows, action=self.action)


def _refusal(file: str, number: int, row: dict[str, Any]) -> DataError:
    if not row["ticker"]:
        return DataError(f"{file}: row {number}: ticker is empty")
    return DataError(
        f"{file}: ticker {row['ticker']}, row {number}: ts is empty,"
        " or does not exist or is ambiguous in the input time zone"
    )
