"""Choppiness and efficiency, with pandas."""

import numpy as np

from benchmarks.features.pandas_set.sheet import Series, Sheet, correlated, formula, log0, over


@formula("choppiness_{}")
def _choppiness(s: Sheet, n: int) -> Series:
    band = s.lh.rolling(n).max() - s.ll.rolling(n).min()
    return (log0(over(s.log_true_range.rolling(n).sum(), band)) / np.log(n)).clip(0.0, 1.0)


@formula("efficiency_{}")
def _efficiency(s: Sheet, n: int) -> Series:
    return over(s.lc.diff(n).abs(), s.r.abs().rolling(n).sum())


@formula("variance_ratio_{}_{}")
def _variance_ratio(s: Sheet, k: int, n: int) -> Series:
    return over(s.lc.diff(k).rolling(n).var(ddof=0), k * s.r.rolling(n + k - 1).var(ddof=0))


@formula("autocorrelation_{}_{}")
def _autocorrelation(s: Sheet, k: int, n: int) -> Series:
    return correlated(s.r, s.r.shift(k), n)
