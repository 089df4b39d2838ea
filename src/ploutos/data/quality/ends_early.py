"""Tickers whose bars stop before the market's."""

from typing import Any, Literal

import numpy as np
import polars as pl

from ploutos.data.quality.finding import Finding, Severity, finding, refusal
from ploutos.data.quality.places import Places
from ploutos.types import PositiveInt, checked


class EndsEarly:
    """A ticker whose last bar lies well before the last session of the frame: delisted, renamed, or cut off.

    Parameters
    ----------
    action : what to do with such a ticker.
    sessions : sessions without a bar at the end that are too many.
    """

    name = "ends_early"
    severity: Severity = "info"

    @checked
    def __init__(self, *, action: Literal["kept", "refused"], sessions: PositiveInt) -> None:
        self.action = action
        self.sessions = int(sessions)

    def apply(self, places: Places, *, file: str) -> Finding:
        """Count such tickers; `ts` is the close of a ticker's last session."""
        ends = np.flatnonzero(places.last)
        missing = places.session.max(initial=0) - places.session[ends]
        early = missing >= self.sessions
        rows = places.rows(ends[early]).with_columns(pl.Series("sessions", missing[early]))
        if self.action == "refused" and not rows.is_empty():
            raise refusal(file, rows.row(0, named=True), _say)
        return finding(self, rows, action=self.action, threshold=float(self.sessions), columns=("sessions",))


def _say(row: dict[str, Any]) -> str:
    return f"no bar in the last {row['sessions']} sessions of the file"
