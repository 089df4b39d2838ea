"""Bars that stand alone, long before a ticker's others or long after them: a zero time, a mistyped year."""

from typing import Any, Literal

import numpy as np
import polars as pl

from ploutos.data.quality.finding import Finding, Severity, finding, refusal
from ploutos.data.quality.places import Places
from ploutos.types import PositiveInt, checked

COLUMNS = ("sessions", "next")


class Isolated:
    """The first or last sessions of a ticker, at most a few, with a long silence between them and the rest.

    They are told and not masked: that a first row stands alone is known only by the rows after it.

    Parameters
    ----------
    action : what to do about such a row.
    most : sessions with bars that count as a few.
    sessions : sessions without a bar that are a long silence.
    """

    name = "isolated"
    severity: Severity = "warning"

    @checked
    def __init__(
        self, *, action: Literal["kept", "refused"], most: PositiveInt, sessions: PositiveInt
    ) -> None:
        self.action = action
        self.most = int(most)
        self.sessions = int(sessions)

    def apply(self, places: Places, *, file: str) -> Finding:
        """Count such silences; `ts` closes the session before each, `next` is the one that follows it."""
        silence = np.diff(places.session, append=0) - 1
        silence[places.last] = 0
        pairs = np.flatnonzero(silence >= self.sessions)
        ends = np.flatnonzero(places.last)
        of_ticker = np.searchsorted(ends, pairs)
        end = ends[of_ticker]
        begin = np.where(of_ticker > 0, ends[of_ticker - 1] + 1, 0)
        alone = np.minimum(pairs - begin + 1, end - pairs)
        # A ticker of a few sessions in all has no rest that they would stand apart from.
        found = (alone <= self.most) & (end - begin + 1 > 2 * self.most)
        pairs = pairs[found]
        rows = places.rows(pairs).with_columns(
            pl.Series("sessions", silence[pairs]),
            places.rows(pairs + 1)["session"].alias("next"),
        )
        if self.action == "refused" and pairs.size:
            raise refusal(file, rows.row(0, named=True), _say)
        return finding(self, rows, action=self.action, threshold=float(self.sessions), columns=COLUMNS)


def _say(row: dict[str, Any]) -> str:
    return f"stands alone: {row['sessions']} sessions without a bar lie between here and {row['next']}"
