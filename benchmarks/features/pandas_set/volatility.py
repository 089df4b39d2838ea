"""Volatility, with pandas."""

import numpy as np

from benchmarks.features.pandas_set.sheet import Series, Sheet, formula, log0, over, std, wilder


@formula("volatility_{}")
def _volatility(s: Sheet, n: int) -> Series:
    return std(s.r, n)


@formula("volatility_ratio_{}_{}")
def _volatility_ratio(s: Sheet, n: int, m: int) -> Series:
    return over(std(s.r, n), std(s.r, m))


@formula("volatility_ewm_{}")
def _volatility_ewm(s: Sheet, n: int) -> Series:
    return np.sqrt(wilder(s.r**2, n))


@formula("parkinson_{}")
def _parkinson(s: Sheet, n: int) -> Series:
    return np.sqrt(((s.lh - s.ll) ** 2).rolling(n).mean() / (4 * np.log(2)))


@formula("garman_klass_{}")
def _garman_klass(s: Sheet, n: int) -> Series:
    term = 0.5 * (s.lh - s.ll) ** 2 - (2 * np.log(2) - 1) * (s.lc - s.lo) ** 2
    return np.sqrt(term.rolling(n).mean().clip(lower=0))


@formula("rogers_satchell_{}")
def _rogers_satchell(s: Sheet, n: int) -> Series:
    return np.sqrt(s.within.rolling(n).mean().clip(lower=0))


@formula("yang_zhang_{}")
def _yang_zhang(s: Sheet, n: int) -> Series:
    k = 0.34 / (1.34 + (n + 1) / (n - 1))
    gap, body = (s.lo - s.lc.shift()).rolling(n).var(), (s.lc - s.lo).rolling(n).var()
    return np.sqrt((gap + k * body + (1 - k) * s.within.rolling(n).mean()).clip(lower=0))


@formula("range_efficiency_{}")
def _range_efficiency(s: Sheet, n: int) -> Series:
    return log0(over(std(s.r, n), _parkinson(s, n)))


@formula("downside_{}")
def _downside(s: Sheet, n: int) -> Series:
    return over((s.r.clip(upper=0) ** 2).rolling(n).sum(), (s.r**2).rolling(n).sum())


@formula("skewness_{}")
def _skewness(s: Sheet, n: int) -> Series:
    return over(n**0.5 * (s.r**3).rolling(n).sum(), (s.r**2).rolling(n).sum() ** 1.5)


@formula("kurtosis_{}")
def _kurtosis(s: Sheet, n: int) -> Series:
    return over(n * (s.r**4).rolling(n).sum(), (s.r**2).rolling(n).sum() ** 2)


@formula("largest_move_{}")
def _largest_move(s: Sheet, n: int) -> Series:
    return over(s.r.abs().rolling(n).max(), s.r.abs().rolling(n).sum())


@formula("volatility_of_volatility_{}")
def _volatility_of_volatility(s: Sheet, n: int) -> Series:
    return over(std(s.r.abs(), n), s.r.abs().rolling(n).mean())
