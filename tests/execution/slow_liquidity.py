"""Volatility and traded value of one name at one bar, straight from its bars. Imports nothing of Ploutos."""

from itertools import pairwise
from math import log, sqrt


def liquidity(bars, t, window):
    """Return (volatility, dollar volume) at row t of `bars` (open, close, volume, split, dividend).

    A row without an open is no bar of the name's own. A return compares a close with what the close before
    became: less by every split, and by every dividend unless nothing would be left.
    """
    own, became = [], None
    for open_, close, volume, split, dividend in bars[: t + 1]:
        if became is not None:
            became /= split
            became -= dividend if dividend < became else 0.0
        if open_ == open_:
            own.append((close, volume, became))
            became = close
    moves = [log(close / before) for _, (close, _, before) in pairwise(own)]
    moves, own = moves[-window:], own[-window:]
    volatility = sqrt(sum(move * move for move in moves) / len(moves)) if moves else 0.0
    traded = sum(close * volume for close, volume, _ in own) / len(own) if own else 0.0
    return volatility, traded
