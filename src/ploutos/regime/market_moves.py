"""What the members of a market did within each session so far: one pass over the prices."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.hardware.compiled import kernel
from ploutos.panel.panel import Panel
from ploutos.types.fields import CLOSE, OPEN

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def session_moves(panel: Panel, rows: slice, session: Rows) -> tuple[Floats, Floats, Floats]:
    """Return return, breadth and realised variance of the session so far, each [rows].

    The members are those of the last bar before the session, so that what happens in it does not choose them;
    of these, the names that have had a bar in it. Log returns run from the last close before the session,
    with splits and dividends as in `ploutos.data.corporate.adjust`.

    - Return: their equal-weight mean.
    - Breadth: the share that rose, in [0, 1]; an unchanged name counts half.
    - Realised variance: sum over bars of the squared equal-weight mean log return of a bar.

    NaN in the first session of `rows` and while no member has traded. Nothing outside `rows` is read.

    Parameters
    ----------
    session : [rows] number of each row's session.
    """
    start, stop, _ = rows.indices(len(panel.ts))
    inside = np.flatnonzero((start <= panel.action_bar) & (panel.action_bar < stop))
    order = inside[np.argsort(panel.action_bar[inside], kind="stable")]
    names = len(panel.tickers)
    moves = np.full((3, stop - start), np.nan)
    _walk(
        _plain(panel.prices[start:stop]),
        _plain(panel.member[start:stop]),
        _plain(session),
        _plain(panel.action_bar[order].astype(np.int64) - start),
        _plain(panel.action_asset[order].astype(np.int64)),
        _plain(panel.action_split[order]),
        _plain(panel.action_dividend[order]),
        np.zeros(names),
        np.ones(names),
        np.zeros(names, np.bool_),
        np.zeros(names, np.bool_),
        moves,
    )
    return moves[0], moves[1], moves[2]


def _plain(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a contiguous read-only view: mapped and computed arrays share one compiled kernel."""
    view = np.ascontiguousarray(np.asarray(array)).view()
    view.flags.writeable = False
    return view


# One row after the other in scalar arithmetic: a vectorised sum or logarithm may change its last bit with the
# number of rows, and what lies behind a row must not change what is seen at it.
@kernel
def _walk(
    prices: Floats,
    member: Flags,
    session: Rows,
    action_bar: Rows,
    action_asset: Rows,
    action_split: Floats,
    action_dividend: Floats,
    total: Floats,
    factor: Floats,
    chosen: Flags,
    seen: Flags,
    moves: Floats,
) -> None:
    rows, _, names = prices.shape
    squares, action = 0.0, 0
    for t in range(1, rows):
        if session[t] != session[t - 1]:
            squares = 0.0
            for n in range(names):
                chosen[n], seen[n], total[n] = member[t - 1, n], False, 0.0
        while action < len(action_bar) and action_bar[action] <= t:
            n, split = action_asset[action], action_split[action]
            paid = split * action_dividend[action] / prices[t - 1, CLOSE, n]
            if action_bar[action] == t and paid < 1.0:
                factor[n] *= split / (1.0 - paid)
            action += 1
        moved, count = 0.0, 0
        for n in range(names):
            if np.isnan(prices[t, OPEN, n]):
                continue
            change = np.log(prices[t, CLOSE, n] * factor[n] / prices[t - 1, CLOSE, n])
            factor[n] = 1.0
            if chosen[n] and np.isfinite(change):
                total[n] += change
                seen[n] = True
                moved += change
                count += 1
        if count:
            squares += (moved / count) ** 2
        known, mean, rose = 0, 0.0, 0.0
        for n in range(names):
            if seen[n]:
                known += 1
                mean += total[n]
                rose += 1.0 if total[n] > 0 else (0.5 if total[n] == 0 else 0.0)
        if known:
            moves[0, t], moves[1, t], moves[2, t] = mean / known, rose / known, squares
