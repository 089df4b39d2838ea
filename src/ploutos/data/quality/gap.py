"""Sessions without a bar between a ticker's first and last one."""

from typing import Any, Literal

import numpy as np
import polars as pl

from ploutos.data.quality.finding import Finding, Severity, finding, refusal
from ploutos.data.quality.places import Places
from ploutos.types import PositiveInt, checked

COLUMNS = ("sessions", "next")


class Gap:
    """A run of sessions in which a ticker has no bar at all, though it has some before and after.

    Parameters
    ----------
    action : nothing can be masked where there is nothing.
    sessions : the shortest run that counts.
    """

    name = "gap"
    severity: Severity = "info"

    @checked
    def __init__(self, *, action: Literal["kept", "refused"], sessions: PositiveInt) -> None:
        self.action = action
        self.sessions = int(sessions)

    def apply(self, places: Places, *, file: str) -> Finding:
        """Count the missing sessions; examples are the longest runs, `ts` the close before each."""
        missing = np.diff(places.session, append=0) - 1
        missing[places.last] = 0
        pairs = np.flatnonzero(missing >= self.sessions)
        pairs = pairs[np.argsort(-missing[pairs], kind="stable")]
        rows = places.rows(pairs).with_columns(
            pl.Series("sessions", missing[pairs]),
            places.rows(pairs + 1)["session"].alias("next"),
        )
        if self.action == "refused" and pairs.size:
            raise refusal(file, rows.row(0, named=True), _say)
        found = finding(self, rows, action=self.action, threshold=float(self.sessions), columns=COLUMNS)
        return found.counting(int(missing[pairs].sum()))


def _say(row: dict[str, Any]) -> str:
    return f"no bar in the {row['sessions']} sessions from here to {row['next']}"
