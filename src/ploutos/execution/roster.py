"""Who stands in which column of a tape, and every name's own history."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ploutos.execution.corporate_actions import Events, events_by_row
from ploutos.execution.ledger import Float


@dataclass(frozen=True, kw_only=True, eq=False)
class Roster:
    """N names behind K columns.

    Attributes
    ----------
    tickers : N names.
    asset : [T, K], the name in each column, -1 for none; None: column k is name k throughout.
    prices : [P, T, 5, N] as in `Tape`, of every name.
    events : splits, dividends and delistings of every name by row.
    """

    tickers: tuple[str, ...]
    asset: npt.NDArray[np.int32] | None
    prices: Float
    events: Events

    @property
    def columns(self) -> int:
        """How many columns there are (K)."""
        return len(self.tickers) if self.asset is None else self.asset.shape[1]

    def names(self, rows: slice) -> npt.NDArray[np.int64]:
        """Return the name in each column of `rows`, -1 for none: [rows, K]."""
        if self.asset is None:
            count = rows.stop - rows.start
            return np.tile(np.arange(len(self.tickers)), (count, 1))
        return self.asset[rows].astype(np.int64)

    def within(self, rows: slice, prices: Float) -> "Roster":
        """Return the roster of `rows` with other prices [P, rows, 5, N]."""
        asset = None if self.asset is None else self.asset[rows]
        return Roster(tickers=self.tickers, asset=asset, prices=prices, events=self.events.within(rows))


def events_of_columns(events: Events, asset: npt.NDArray[np.int32]) -> Events:
    """Return the events of names as events of the columns in which they stand.

    A column that shows another name than at the row before has an event of its own: it forgets the old one.
    """
    rows = len(asset)
    row = np.repeat(np.arange(len(events.start) - 1), np.diff(events.start))
    # What an event changes is a holding of the row before.
    held = asset[np.maximum(row - 1, 0)] == events.asset[:, None]
    there = held.any(axis=1)
    changed, column = np.nonzero(asset[1:] != asset[:-1])
    nothing = np.zeros(len(changed))
    return events_by_row(
        rows,
        bar=np.concatenate([row[there], changed + 1]),
        asset=np.concatenate([held.argmax(axis=1)[there], column]),
        split=np.concatenate([events.split[there], nothing + 1.0]),
        dividend=np.concatenate([events.dividend[there], nothing]),
        delisting=np.concatenate([events.delisting[there], nothing]),
        renamed=np.concatenate([np.zeros(int(there.sum()), np.bool_), np.ones(len(changed), np.bool_)]),
    )
