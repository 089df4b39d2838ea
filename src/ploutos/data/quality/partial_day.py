"""Sessions of which a part is missing."""

from typing import Any, Literal

import numpy as np
import polars as pl

from ploutos.data.quality.finding import Finding, Severity, finding, refusal
from ploutos.data.quality.places import Ints, Places
from ploutos.types import Fraction, checked

COLUMNS = ("session", "bars", "expected")


class PartialDay:
    """A session in which a ticker has fewer bars than the session holds.

    The bars of a session follow from its length, so early closes count as whole. Where most sessions of
    the frame miss the same number of bars (the half-hour first bar, dropped), these are not expected.
    Whether a day is partial is known only when it is over, so nothing can be masked here.

    Parameters
    ----------
    action : what to do with such a session.
    share : a session with less than this share of its bars is partial.
    """

    name = "partial_day"
    severity: Severity = "warning"

    @checked
    def __init__(self, *, action: Literal["kept", "refused"], share: Fraction) -> None:
        self.action = action
        self.share = float(share)

    def apply(self, places: Places, *, bar_minutes: int, file: str) -> Finding:
        """Count the partial sessions of all tickers."""
        expected = _expected(places, bar_minutes)
        pairs = np.flatnonzero(places.bars < self.share * expected)
        rows = places.rows(pairs).with_columns(pl.Series("expected", expected[pairs]))
        if self.action == "refused" and pairs.size:
            raise refusal(file, rows.row(0, named=True), _say)
        return finding(self, rows, action=self.action, threshold=self.share, columns=COLUMNS)


def _expected(places: Places, bar_minutes: int) -> Ints:
    """Return [K] bars that the session of each pair should have."""
    table = places.sessions
    minutes = (table["close"] - table["open"]).dt.total_minutes().to_numpy()
    whole = -(-minutes // bar_minutes)[places.session]
    counts, times = np.unique(whole - places.bars, return_counts=True)
    usual = max(0, int(counts[np.argmax(times)])) if counts.size else 0
    return np.asarray(whole - usual, np.int64)


def _say(row: dict[str, Any]) -> str:
    return f"the session of {row['session']} has {row['bars']} of {row['expected']} bars"
