"""Trend, with pandas."""

import numpy as np

from benchmarks.features.pandas_set.sheet import TIE, Series, Sheet, ema, formula, over, std, wilder, windows


@formula("sma_ratio_{}")
def _sma_ratio(s: Sheet, n: int) -> Series:
    return s.c / s.c.rolling(n).mean() - 1


@formula("sma_cross_{}_{}")
def _sma_cross(s: Sheet, n: int, m: int) -> Series:
    return s.c.rolling(n).mean() / s.c.rolling(m).mean() - 1


@formula("ema_ratio_{}")
def _ema_ratio(s: Sheet, n: int) -> Series:
    return s.c / ema(s.c, n) - 1


@formula("ema_cross_{}_{}")
def _ema_cross(s: Sheet, n: int, m: int) -> Series:
    return ema(s.c, n) / ema(s.c, m) - 1


@formula("macd_{}_{}")
def _macd(s: Sheet, n: int, m: int) -> Series:
    return (ema(s.c, n) - ema(s.c, m)) / s.c


@formula("macd_signal_{}_{}_{}")
def _macd_signal(s: Sheet, n: int, m: int, k: int) -> Series:
    return ema(ema(s.c, n) - ema(s.c, m), k) / s.c


@formula("macd_histogram_{}_{}_{}")
def _macd_histogram(s: Sheet, n: int, m: int, k: int) -> Series:
    return _macd(s, n, m) - _macd_signal(s, n, m, k)


@formula("plus_di_{}")
def _plus_di(s: Sheet, n: int) -> Series:
    up, down = s.h.diff(), -s.l.diff()
    return over(wilder(up.where((up - down > TIE * s.c) & (up > 0), 0.0 * up), n), wilder(s.true_range, n))


@formula("minus_di_{}")
def _minus_di(s: Sheet, n: int) -> Series:
    up, down = s.h.diff(), -s.l.diff()
    return over(
        wilder(down.where((down - up > TIE * s.c) & (down > 0), 0.0 * down), n), wilder(s.true_range, n)
    )


@formula("adx_{}")
def _adx(s: Sheet, n: int) -> Series:
    plus, minus = _plus_di(s, n), _minus_di(s, n)
    return wilder(over((plus - minus).abs(), plus + minus), n)


@formula("aroon_up_{}")
def _aroon_up(s: Sheet, n: int) -> Series:
    return windows(s.h, n + 1, lambda w: 1 - np.argmax(w[:, ::-1], axis=1) / n)


@formula("aroon_down_{}")
def _aroon_down(s: Sheet, n: int) -> Series:
    return windows(s.l, n + 1, lambda w: 1 - np.argmin(w[:, ::-1], axis=1) / n)


@formula("slope_{}")
def _slope(s: Sheet, n: int) -> Series:
    time = np.arange(n) - (n - 1) / 2
    return windows(s.lc, n, lambda w: w @ (time / (time @ time)))


@formula("straightness_{}")
def _straightness(s: Sheet, n: int) -> Series:
    return over(_slope(s, n) * ((n * n - 1) / 12) ** 0.5, std(s.lc, n)).clip(-1, 1)
