"""Range and candle shape, with pandas."""

import numpy as np

from benchmarks.features.pandas_set.sheet import Series, Sheet, formula, log0, over, std, wilder


@formula("range_1")
def _range(s: Sheet) -> Series:
    return s.lh - s.ll


@formula("atr_{}")
def _atr(s: Sheet, n: int) -> Series:
    return s.log_true_range.rolling(n).mean()


@formula("atr_wilder_{}")
def _atr_wilder(s: Sheet, n: int) -> Series:
    return wilder(s.true_range, n) / s.c


@formula("atr_ratio_{}_{}")
def _atr_ratio(s: Sheet, n: int, m: int) -> Series:
    return log0(over(_atr(s, n), _atr(s, m)))


@formula("range_zscore_{}")
def _range_zscore(s: Sheet, n: int) -> Series:
    span = s.lh - s.ll
    return over(span - span.rolling(n).mean(), std(span, n))


@formula("close_location_1")
def close_location(s: Sheet) -> Series:
    """Return the place of the close in its bar."""
    return over(2 * s.c - s.h - s.l, s.h - s.l)


@formula("body_1")
def _body(s: Sheet) -> Series:
    return over(s.c - s.o, s.h - s.l)


@formula("upper_shadow_1")
def _upper_shadow(s: Sheet) -> Series:
    return over(s.h - np.maximum(s.o, s.c), s.h - s.l)


@formula("lower_shadow_1")
def _lower_shadow(s: Sheet) -> Series:
    return over(np.minimum(s.o, s.c) - s.l, s.h - s.l)


@formula("body_mean_{}")
def _body_mean(s: Sheet, n: int) -> Series:
    return _body(s).rolling(n).mean()
