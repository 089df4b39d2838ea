"""Recent volatility and traded value of every name, from its own past bars."""

import numpy as np

from ploutos.execution.compiled import kernel, part
from ploutos.execution.corporate_actions import Events
from ploutos.execution.ledger import Float
from ploutos.execution.roster import Roster
from ploutos.execution.rules import DOLLAR_VOLUME, VOLATILITY
from ploutos.execution.tape import read_only
from ploutos.types.fields import CLOSE, OPEN, VOLUME

NAMES_AT_ONCE = 64


def liquidity(roster: Roster, window_bars: int) -> Float:
    """Return [P, T, 2, K]: volatility (of log returns, per bar), dollar volume (currency per bar).

    Row t averages over the name's last `window_bars` bars at or before t. Every window is summed afresh, so
    a value depends on those bars alone and not on where the tape begins.
    """
    paths, rows, _, names = roster.prices.shape
    squares, values = np.zeros(window_bars), np.zeros(window_bars)
    split = _split_factor(roster.events, rows, names)
    if roster.asset is None:
        found = np.zeros((paths, rows, 2, names))
        _roll(roster.prices, split, squares, values, found)
        return read_only(found)
    shown = np.zeros((paths, rows, 2, roster.columns))
    for first in range(0, names, NAMES_AT_ONCE):
        part = slice(first, first + NAMES_AT_ONCE)
        prices = read_only(roster.prices[:, :, :, part])
        found = np.zeros((paths, rows, 2, prices.shape[3]))
        _roll(prices, np.ascontiguousarray(split[:, part]), squares, values, found)
        row, column = np.nonzero((roster.asset >= first) & (roster.asset < part.stop))
        shown[:, row, :, column] = found[:, row, :, roster.asset[row, column] - first]
    return read_only(shown)


def _split_factor(events: Events, rows: int, names: int) -> Float:
    """Return [T, N]: the split that the open of row t brought, 1 where none."""
    factor = np.ones((rows, names))
    at = np.repeat(np.arange(len(events.start) - 1), np.diff(events.start))
    factor[at, events.asset] = events.split
    return factor


@kernel
def _roll(prices: Float, split: Float, squares: Float, values: Float, found: Float) -> None:
    paths, rows, _, assets = prices.shape
    window = len(squares)
    for p in range(paths):
        for n in range(assets):
            bars, last, factor = 0, np.nan, 1.0
            sigma, traded = 0.0, 0.0
            for t in range(rows):
                factor *= split[t, n]
                if not np.isnan(prices[p, t, OPEN, n]):
                    close = prices[p, t, CLOSE, n]
                    move = np.log(close * factor / last) if bars else 0.0
                    squares[bars % window] = move * move
                    values[bars % window] = close * prices[p, t, VOLUME, n]
                    last, factor = close, 1.0
                    bars += 1
                    sigma, traded = _means(squares, values, bars, window)
                found[p, t, VOLATILITY, n] = sigma
                found[p, t, DOLLAR_VOLUME, n] = traded


@part
def _means(squares: Float, values: Float, bars: int, window: int) -> tuple[float, float]:
    """Return root mean square and mean of the ring's entries, oldest first; the first bar has no return."""
    held = min(bars, window)
    total, traded = 0.0, 0.0
    for k in range(bars - held, bars):
        total += squares[k % window]
        traded += values[k % window]
    returns = held if bars > window else held - 1
    return np.sqrt(total / returns) if returns else 0.0, traded / held
