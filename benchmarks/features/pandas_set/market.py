"""The ticker against the market, with pandas."""

import numpy as np

from benchmarks.features.pandas_set.sheet import Series, Sheet, correlated, formula, over


@formula("beta_{}")
def _beta(s: Sheet, n: int) -> Series:
    return over(s.r.rolling(n).cov(s.market), s.market.rolling(n).var())


@formula("correlation_{}")
def _correlation(s: Sheet, n: int) -> Series:
    return correlated(s.r, s.market, n)


@formula("residual_volatility_{}")
def _residual_volatility(s: Sheet, n: int) -> Series:
    explained = over(s.r.rolling(n).cov(s.market, ddof=0) ** 2, s.market.rolling(n).var(ddof=0))
    return np.sqrt((s.r.rolling(n).var(ddof=0) - explained).clip(lower=0))


@formula("residual_return_{}_{}")
def _residual_return(s: Sheet, n: int, m: int) -> Series:
    return s.lc.diff(n) - _beta(s, m) * s.market.rolling(n).sum()


@formula("relative_return_{}")
def _relative_return(s: Sheet, n: int) -> Series:
    return s.lc.diff(n) - s.market.rolling(n).sum()


@formula("market_return_{}")
def _market_return(s: Sheet, n: int) -> Series:
    return s.market.rolling(n).sum()
