"""Recent volatility and traded value of every name, from its own past bars."""

import numpy as np
import numpy.typing as npt

from ploutos.execution.compiled import kernel, part
from ploutos.execution.corporate_actions import Events
from ploutos.execution.ledger import Float
from ploutos.execution.roster import Roster
from ploutos.execution.rules import DOLLAR_VOLUME, VOLATILITY
from ploutos.execution.tape import read_only
from ploutos.types.fields import CLOSE, OPEN, VOLUME

NAMES_AT_ONCE = 64
Index = npt.NDArray[np.int64]


def liquidity(roster: Roster, window_bars: int) -> Float:
    """Return [P, T, 2, K]: volatility (of log returns, per bar), dollar volume (currency per bar).

    Row t averages over the name's last `window_bars` bars at or before t. Returns are adjusted for splits and
    dividends as features are (`ploutos.data.corporate.adjust`): going ex-dividend is no move. Every window is
    summed afresh, so a value depends on those bars alone and not on where the tape begins.
    """
    paths, rows, _, names = roster.prices.shape
    paid = _paid(roster.events, rows, names)
    if roster.asset is None:
        return read_only(_rolled(roster.prices, paid, window_bars))
    shown = np.zeros((paths, rows, 2, roster.columns))
    for first in range(0, names, NAMES_AT_ONCE):
        part = slice(first, first + NAMES_AT_ONCE)
        prices = read_only(roster.prices[:, :, :, part])
        found = _rolled(prices, np.ascontiguousarray(paid[:, :, part]), window_bars)
        row, column = np.nonzero((roster.asset >= first) & (roster.asset < part.stop))
        shown[:, row, :, column] = found[:, row, :, roster.asset[row, column] - first]
    return read_only(shown)


def _rolled(prices: Float, paid: Float, window: int) -> Float:
    """Return volatility and dollar volume [P, T, 2, N] of every column of `prices`."""
    paths, rows, _, names = prices.shape
    found = np.zeros((paths, rows, 2, names))
    last, count = np.empty((2, names)), np.empty((2, names), np.int64)
    _roll(prices, paid, window, last, count, np.empty((2, names, 2 * window)), found)
    return found


def _paid(events: Events, rows: int, names: int) -> Float:
    """Return [2, T, N]: the split that the open of row t brought, 1 where none, and the dividend after it."""
    paid = np.zeros((2, rows, names))
    paid[0] = 1.0
    at = np.repeat(np.arange(len(events.start) - 1), np.diff(events.start))
    paid[0, at, events.asset], paid[1, at, events.asset] = events.split, events.dividend
    return paid


@part
def _step(split: float, dividend: float, price: float) -> float:
    """Return what adjusts a price for an action that finds a share at `price`; not a dividend beyond it."""
    left = 1.0 - split * dividend / price
    return split / left if left > 0.0 else split


@kernel
def _roll(
    prices: Float, paid: Float, window: int, last: Float, count: Index, kept: Float, found: Float
) -> None:
    """Fill `found` [P, T, 2, N]; `last` [2, N], `count` [2, N] and `kept` [2, N, 2 x window] are room."""
    paths, rows, _, assets = prices.shape
    for p in range(paths):
        last[:] = 1.0
        count[:] = 0
        for t in range(rows):
            for n in range(assets):
                last[1, n] *= _step(paid[0, t, n], paid[1, t, n], last[0, n] / last[1, n])
                if not np.isnan(prices[p, t, OPEN, n]):
                    close, bars = prices[p, t, CLOSE, n], count[0, n]
                    move = np.log(close * last[1, n] / last[0, n]) if bars else 0.0
                    last[0, n], last[1, n] = close, 1.0
                    at = _next(kept, count, n, window)
                    kept[0, n, at] = move * move
                    kept[1, n, at] = close * prices[p, t, VOLUME, n]
                    count[0, n] = bars + 1
                    held = min(bars + 1, window)
                    returns = window if bars >= window else held - 1  # the first bar has no return
                    total = _sum(kept[0, n], at + 1 - held, at + 1)
                    found[p, t, VOLATILITY, n] = np.sqrt(total / returns) if returns else 0.0
                    found[p, t, DOLLAR_VOLUME, n] = _sum(kept[1, n], at + 1 - held, at + 1) / held
                elif t > 0:
                    found[p, t, VOLATILITY, n] = found[p, t - 1, VOLATILITY, n]
                    found[p, t, DOLLAR_VOLUME, n] = found[p, t - 1, DOLLAR_VOLUME, n]


@part
def _next(kept: Float, count: Index, n: int, window: int) -> int:
    """Return where the next entry of name `n` goes; a full row begins anew with its window."""
    at = count[1, n]
    if at == 2 * window:
        for k in range(window):
            kept[0, n, k] = kept[0, n, window + k]
            kept[1, n, k] = kept[1, n, window + k]
        at = window
    count[1, n] = at + 1
    return int(at)


@part
def _sum(row: Float, first: int, stop: int) -> float:
    """Return the sum of row[first:stop] in four lanes that start with it: equal windows, equal bits."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    whole = first + (stop - first) // 4 * 4
    for k in range(first, whole, 4):
        a += row[k]
        b += row[k + 1]
        c += row[k + 2]
        d += row[k + 3]
    for k in range(whole, stop):
        a += row[k]
    return (a + b) + (c + d)
