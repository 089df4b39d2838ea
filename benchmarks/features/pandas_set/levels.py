"""Support and resistance, with pandas."""

from benchmarks.features.pandas_set.sheet import Series, Sheet, formula


@formula("drawdown_{}")
def _drawdown(s: Sheet, n: int) -> Series:
    return s.c / s.h.rolling(n).max() - 1


@formula("high_distance_{}")
def _high_distance(s: Sheet, n: int) -> Series:
    return s.lh.rolling(n).max() - s.lc


@formula("low_distance_{}")
def _low_distance(s: Sheet, n: int) -> Series:
    return s.lc - s.ll.rolling(n).min()


@formula("breakout_{}")
def _breakout(s: Sheet, n: int) -> Series:
    return s.lc - s.lh.rolling(n).max().shift()


@formula("breakdown_{}")
def _breakdown(s: Sheet, n: int) -> Series:
    return s.lc - s.ll.rolling(n).min().shift()


@formula("pivot_distance_1")
def _pivot_distance(s: Sheet) -> Series:
    return s.c / s.typical.shift() - 1
