"""Times that run backwards."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.data.quality.finding import Finding, Severity, finding, plain, refusal
from ploutos.types import checked

Ints = npt.NDArray[np.int64]
_BEFORE = "_before"


class Unsorted:
    """A row whose time lies before that of its ticker's row above it.

    The order of tickers in a file carries no meaning: rows of several tickers may alternate.
    """

    name = "unsorted"
    severity: Severity = "warning"

    @checked
    def __init__(self, *, action: Literal["sorted", "refused"]) -> None:
        self.action = action

    def apply(self, frame: pl.DataFrame, *, file: str) -> tuple[pl.DataFrame, Finding]:
        """Return the frame sorted by (ticker, ts); rows of equal keys stay in the file's order."""
        if is_ordered(frame):
            return frame, finding(self, frame.clear(), action=self.action)
        ticker, ts = _codes(frame["ticker"]), frame["ts"].to_physical().to_numpy()
        backwards = _backwards(frame, ticker, ts)
        if self.action == "refused" and not backwards.is_empty():
            raise refusal(file, backwards.row(0, named=True), _say)
        return frame.select(pl.all().gather(np.lexsort((ts, ticker)))), finding(
            self, backwards, action=self.action
        )


def is_ordered(frame: pl.DataFrame) -> bool:
    """Say whether the rows are in order of (ticker, ts); equal keys are in order."""
    ticker, ts = pl.col("ticker"), pl.col("ts")
    behind = (ticker < ticker.shift(1)) | ((ticker == ticker.shift(1)) & (ts < ts.shift(1)))
    return not frame.select(behind.any()).item()


def _codes(ticker: pl.Series) -> Ints:
    """Return each name's place in their order; numbers sort many times faster than names."""
    return ticker.cast(pl.Enum(ticker.unique().sort())).to_physical().to_numpy()


def _backwards(frame: pl.DataFrame, ticker: Ints, ts: Ints) -> pl.DataFrame:
    """Return the rows that lie before their ticker's row above, in the file's order."""
    row = np.argsort(ticker, kind="stable")
    above, row = row[:-1], row[1:]
    bad = (ticker[row] == ticker[above]) & (ts[row] < ts[above])
    in_file = np.argsort(row[bad])
    above, row = above[bad][in_file], row[bad][in_file]
    return frame.select(pl.col("ticker", "ts").gather(row), pl.col("ts").gather(above).alias(_BEFORE))


def _say(row: dict[str, Any]) -> str:
    return f"times are not sorted, the row before is at {plain(row[_BEFORE])}"
