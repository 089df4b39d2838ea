"""Market: the ticker against the equal-weight market.

The market's return at a time is the mean log return of all tickers with a bar then, each since its own last
bar. Windows count the ticker's own bars.
"""

from ploutos.features.engine.column import Column, change, higher, ratio, root, thresholded
from ploutos.features.engine.window import correlation, covariance, total
from ploutos.features.families.base import LOG_CLOSE, MARKET_RETURN, RETURN, TIE, spread
from ploutos.features.feature import Family

MARKETS = Family(
    "market", "Market: the ticker against the mean log return of all tickers with a bar at the same time."
)


def _beta(n: int) -> Column:
    market = thresholded(covariance(MARKET_RETURN, MARKET_RETURN, n), TIE * TIE)
    return ratio(covariance(RETURN, MARKET_RETURN, n), market)


@MARKETS.feature(
    "beta_{n}", 60, 120, least=2, formula="cov(r, market) / var(market)", unit="ratio", source="Sharpe (1964)"
)
def beta(n: int) -> Column:
    """Return the slope on the market, 0 where that does not move."""
    return _beta(n)


@MARKETS.feature("correlation_{n}", 60, 120, least=2, formula="correlation of r and market", unit="-1 to 1")
def market_correlation(n: int) -> Column:
    """Return the correlation with the market, 0 where either does not move."""
    deviations = (spread(RETURN, n), spread(MARKET_RETURN, n))
    return correlation(RETURN, MARKET_RETURN, n, deviations=deviations)


@MARKETS.feature(
    "residual_volatility_{n}",
    60,
    least=2,
    formula="sqrt(var(r) - cov(r, market)^2 / var(market))",
    unit="log return",
    source="Ang, Hodrick, Xing and Zhang (2006)",
)
def residual_volatility(n: int) -> Column:
    """Return the volatility that the market does not explain."""
    explained = _beta(n) * covariance(RETURN, MARKET_RETURN, n)
    return root(higher(covariance(RETURN, RETURN, n) - explained, 0.0))


@MARKETS.feature(
    "residual_return_{n}_{m}",
    (6, 120),
    least=(1, 2),
    formula="return_n - beta_m x sum of the market's returns over n bars",
    unit="log return",
    source="Blitz, Huij and Martens (2011)",
)
def residual_return(n: int, m: int) -> Column:
    """Return the move that the market does not explain."""
    return change(LOG_CLOSE, n) - _beta(m) * total(MARKET_RETURN, n)


@MARKETS.feature(
    "relative_return_{n}",
    6,
    30,
    120,
    formula="return_n - sum of the market's returns over n bars",
    unit="log return",
)
def relative_return(n: int) -> Column:
    """Return the move against that of the market."""
    return change(LOG_CLOSE, n) - total(MARKET_RETURN, n)


@MARKETS.feature(
    "market_return_{n}", 6, 30, formula="sum of the market's returns over n bars", unit="log return"
)
def market_return(n: int) -> Column:
    """Return the market's move."""
    return total(MARKET_RETURN, n)
