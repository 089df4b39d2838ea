"""Mean reversion, with pandas."""

import numpy as np

from benchmarks.features.pandas_set.sheet import Series, Sheet, formula, over, std, wilder, windows


@formula("rsi_{}")
def _rsi(s: Sheet, n: int) -> Series:
    return over(s.r.rolling(n).sum(), s.r.abs().rolling(n).sum())


@formula("rsi_wilder_{}")
def _rsi_wilder(s: Sheet, n: int) -> Series:
    move = s.c.diff()
    return over(wilder(move, n), wilder(move.abs(), n))


@formula("stochastic_{}")
def _stochastic(s: Sheet, n: int) -> Series:
    top, bottom = s.h.rolling(n).max(), s.l.rolling(n).min()
    return over(2 * s.c - top - bottom, top - bottom)


@formula("channel_{}")
def _channel(s: Sheet, n: int) -> Series:
    return _stochastic(s, n)


@formula("stochastic_smooth_{}_{}")
def _stochastic_smooth(s: Sheet, n: int, k: int) -> Series:
    return _stochastic(s, n).rolling(k).mean()


@formula("williams_{}")
def _williams(s: Sheet, n: int) -> Series:
    top, bottom = s.h.rolling(n).max(), s.l.rolling(n).min()
    return over(s.c - top, top - bottom)


@formula("bollinger_{}")
def _bollinger(s: Sheet, n: int) -> Series:
    return over(s.c - s.c.rolling(n).mean(), std(s.c, n))


@formula("bollinger_percent_{}")
def _bollinger_percent(s: Sheet, n: int) -> Series:
    return _bollinger(s, n) / 4 + 0.5


@formula("bollinger_width_{}")
def _bollinger_width(s: Sheet, n: int) -> Series:
    return 4 * std(s.c, n) / s.c.rolling(n).mean()


@formula("zscore_{}")
def _zscore(s: Sheet, n: int) -> Series:
    return over(s.lc - s.lc.rolling(n).mean(), std(s.lc, n))


@formula("cci_{}")
def _cci(s: Sheet, n: int) -> Series:
    spread = windows(s.typical, n, lambda w: np.abs(w - w.mean(axis=1, keepdims=True)).mean(axis=1))
    return over(s.typical - s.typical.rolling(n).mean(), 1.5 * spread)


@formula("reversal_{}_{}")
def _reversal(s: Sheet, n: int, m: int) -> Series:
    return over(-s.lc.diff(n), std(s.r, m) * n**0.5)
