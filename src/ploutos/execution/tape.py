"""What a venue knows of a market: prices, membership, corporate actions and time."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ploutos.execution.corporate_actions import Events
from ploutos.execution.ledger import Float

MICROSECONDS_A_YEAR = 365 * 86_400 * 1_000_000


def read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a read-only C-contiguous view: mapped and computed arrays then share one compiled kernel."""
    view = np.ascontiguousarray(np.asarray(array)).view()
    view.flags.writeable = False
    return view


class Tape(NamedTuple):
    """Prices of P scenarios, T bars, N assets; read-only, C-contiguous.

    Attributes
    ----------
    prices : [P, T, 5, N], open, high, low, close, volume as in `Panel`.
    member : [T, N], may be held after the close of row t.
    events : splits, dividends and delistings by row.
    years : [T], years of 365 days from the close of the row before; 0 at row 0.
    session_last : [T], last row of the session to which row t belongs.
    """

    prices: Float
    member: npt.NDArray[np.bool_]
    events: Events
    years: Float
    session_last: npt.NDArray[np.int64]

    def within(self, rows: slice, prices: Float) -> "Tape":
        """Return the tape of `rows` with other prices [P, rows, 5, N]."""
        last = np.minimum(self.session_last[rows], rows.stop - 1) - rows.start
        return Tape(
            prices=prices,
            member=read_only(self.member[rows]),
            events=self.events.within(rows),
            years=read_only(self.years[rows]),
            session_last=read_only(last),
        )


def years_between(ts: npt.NDArray[np.int64]) -> Float:
    """Return `Tape.years` of closes `ts` [T], microseconds."""
    return read_only(np.diff(ts, prepend=ts[:1]) / MICROSECONDS_A_YEAR)


def last_rows(sessions: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Return `Tape.session_last` of the session [T] to which each row belongs, in ascending order."""
    return read_only(np.searchsorted(sessions, sessions, side="right") - 1)
