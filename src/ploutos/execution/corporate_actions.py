"""Splits, dividends and delistings: where they are kept and what they do to a ledger."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ploutos.execution.compiled import rare
from ploutos.execution.ledger import Float, Ledger


class Events(NamedTuple):
    """Events by row: those of row t are start[t] ... start[t + 1] - 1.

    Attributes
    ----------
    start : [T + 1].
    asset : [E], column.
    split : [E], new shares for one old share, 1 for none.
    dividend : [E], currency per share after the split, 0 for none.
    delisting : [E], return on the last close that is paid out, NaN where the name goes on trading.
    renamed : [E], the column shows another name from the row on; what was held is paid out as above.
    """

    start: npt.NDArray[np.int64]
    asset: npt.NDArray[np.int64]
    split: Float
    dividend: Float
    delisting: Float
    renamed: npt.NDArray[np.bool_]

    def within(self, rows: slice) -> "Events":
        """Return the events of `rows`, whose first row becomes row 0."""
        start = self.start[rows.start : rows.stop + 1]
        kept = slice(int(start[0]), int(start[-1]))
        columns = (np.ascontiguousarray(column[kept]) for column in self[1:])
        return frozen(Events._make([start - start[0], *columns]))


def frozen(events: Events) -> Events:
    """Make the arrays read-only, as a compiled kernel expects them."""
    for array in events:
        array.flags.writeable = False
    return events


def events_by_row(
    rows: int,
    *,
    bar: npt.NDArray[np.integer],
    asset: npt.NDArray[np.integer],
    split: Float,
    dividend: Float,
    delisting: Float,
    renamed: npt.NDArray[np.bool_] | None = None,
) -> Events:
    """Return events, given with their row `bar` [E], for a market of `rows` rows; one a name and row.

    Events outside rows 1 ... rows - 1 are left out: nothing is held before, nothing is marked after.
    """
    merged: dict[tuple[int, int], tuple[float, float, float, bool]] = {}
    changed = np.zeros(len(bar), np.bool_) if renamed is None else renamed
    columns = (bar, asset, split, dividend, delisting, changed)
    for row, column, ratio, paid, gone, new in zip(*(c.tolist() for c in columns), strict=True):
        if 0 < row < rows:
            old_ratio, old_paid, old_gone, old_new = merged.get((row, column), (1.0, 0.0, np.nan, False))
            # The first delisting counts: a column that is renamed after it pays nothing more.
            last = gone if np.isnan(old_gone) else old_gone
            merged[row, column] = old_ratio * ratio, old_paid / ratio + paid, last, old_new or new
    keys = sorted(merged)
    found = [merged[key] for key in keys]
    split, dividend, delisting = np.array([entry[:3] for entry in found]).reshape(-1, 3).T.copy()
    return frozen(
        Events(
            start=np.searchsorted([row for row, _ in keys], np.arange(rows + 1)).astype(np.int64),
            asset=np.array([n for _, n in keys], np.int64),
            split=split,
            dividend=dividend,
            delisting=delisting,
            renamed=np.array([entry[3] for entry in found], np.bool_),
        )
    )


@rare
def apply_actions(
    b: int,
    first: int,
    last: int,
    close: Float,
    whole_shares: bool,
    events: Events,
    ledger: Ledger,
    quantity: Float,
) -> None:
    """Apply events first ... last - 1 to portfolio `b`, its orders too; `close` [N]: of the decision."""
    for k in range(first, last):
        n = events.asset[k]
        split, held = events.split[k], ledger.shares[b, n]
        price = close[n] / split
        if split != 1.0:
            closes = quantity[n] == -held
            held *= split
            order = quantity[n] * split
            ledger.entry[b, n] /= split
            ledger.best[b, n] /= split
            if whole_shares:
                whole = np.trunc(held)
                order = np.trunc(order)
                if whole != held:
                    ledger.cash[b] += (held - whole) * price
                    ledger.realised[b] += (held - whole) * (price - ledger.entry[b, n])
                    held = whole
            quantity[n] = -held if closes else order
        if held != 0.0 and events.dividend[k] != 0.0:
            ledger.cash[b] += held * events.dividend[k]
            ledger.dividends[b] += held * events.dividend[k]
        if not np.isnan(events.delisting[k]):
            if held != 0.0:
                payout = price * (1.0 + events.delisting[k])
                ledger.cash[b] += held * payout
                ledger.realised[b] += held * (payout - ledger.entry[b, n])
            held = 0.0
            quantity[n] = 0.0
        ledger.shares[b, n] = held
        if held == 0.0:
            ledger.entry[b, n] = 0.0
            ledger.best[b, n] = 0.0
            ledger.age[b, n] = 0 if events.renamed[k] else min(ledger.age[b, n], 0)
