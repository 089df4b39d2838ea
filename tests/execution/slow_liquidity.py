"""Volatility and traded value of one name at one bar, straight from its bars. Imports nothing of Ploutos."""

from itertools import pairwise
from math import log, sqrt


def liquidity(bars, t, window):
    """Return (volatility, dollar volume) at row t of `bars`: one (open, close, volume, split) a row.

    A row without an open is no bar of the name's own. A return compares closes in shares of the later bar.
    """
    own, factor = [], 1.0
    for open_, close, volume, split in bars[: t + 1]:
        factor *= split
        if open_ == open_:
            own.append((close, volume, factor))
            factor = 1.0
    moves = [log(close * s / before) for (before, *_), (close, _, s) in pairwise(own)]
    moves, own = moves[-window:], own[-window:]
    volatility = sqrt(sum(move * move for move in moves) / len(moves)) if moves else 0.0
    traded = sum(close * volume for close, volume, _ in own) / len(own) if own else 0.0
    return volatility, traded
