"""Cross-section: where a ticker stands among all tickers that have a bar at the same time.

They run over the tickers whose value is known, members of the universe or not: they do not jump when the
universe changes. A ticker alone has rank, neutral value and score 0.
"""

from ploutos.features.engine.column import Column
from ploutos.features.families.levels import drawdown
from ploutos.features.families.returns import log_return, momentum_skip
from ploutos.features.families.reversion import rsi, zscore
from ploutos.features.families.volatility import volatility
from ploutos.features.families.volume import amihud_ratio, volume_ratio
from ploutos.features.feature import Family

CROSS_SECTION = Family(
    "cross_section", "Cross-section: where a ticker stands among all that have a bar at the same time."
)
RANK = "(rank - 1/2) / count - 1/2"
UNIT = "-1/2 to 1/2"


@CROSS_SECTION.feature("rank_{n}", 1, 6, 30, 120, across="rank", formula=f"{RANK} of return_n", unit=UNIT)
def rank(n: int) -> Column:
    """Return what is ranked."""
    return log_return(n)


@CROSS_SECTION.feature(
    "rank_skip_{n}_{m}", (120, 6), across="rank", formula=f"{RANK} of momentum_skip_n_m", unit=UNIT
)
def rank_skip(n: int, m: int) -> Column:
    """Return what is ranked."""
    return momentum_skip(n, m)


@CROSS_SECTION.feature(
    "rank_volatility_{n}", 30, 120, least=2, across="rank", formula=f"{RANK} of volatility_n", unit=UNIT
)
def rank_volatility(n: int) -> Column:
    """Return what is ranked."""
    return volatility(n)


@CROSS_SECTION.feature(
    "rank_volume_ratio_{n}", 30, across="rank", formula=f"{RANK} of volume_ratio_n", unit=UNIT
)
def rank_volume_ratio(n: int) -> Column:
    """Return what is ranked."""
    return volume_ratio(n)


@CROSS_SECTION.feature("rank_rsi_{n}", 14, across="rank", formula=f"{RANK} of rsi_n", unit=UNIT)
def rank_rsi(n: int) -> Column:
    """Return what is ranked."""
    return rsi(n)


@CROSS_SECTION.feature(
    "rank_zscore_{n}", 60, least=2, across="rank", formula=f"{RANK} of zscore_n", unit=UNIT
)
def rank_zscore(n: int) -> Column:
    """Return what is ranked."""
    return zscore(n)


@CROSS_SECTION.feature("rank_drawdown_{n}", 120, across="rank", formula=f"{RANK} of drawdown_n", unit=UNIT)
def rank_drawdown(n: int) -> Column:
    """Return what is ranked."""
    return drawdown(n)


@CROSS_SECTION.feature(
    "rank_amihud_ratio_{n}_{m}", (6, 60), across="rank", formula=f"{RANK} of amihud_ratio_n_m", unit=UNIT
)
def rank_amihud_ratio(n: int, m: int) -> Column:
    """Return what is ranked."""
    return amihud_ratio(n, m)


@CROSS_SECTION.feature(
    "neutral_return_{n}",
    1,
    6,
    30,
    across="neutral",
    formula="return_n less its mean over all tickers",
    unit="log return",
)
def neutral_return(n: int) -> Column:
    """Return what is neutralised."""
    return log_return(n)


@CROSS_SECTION.feature(
    "score_return_{n}",
    6,
    30,
    across="score",
    formula="(return_n - mean) / population deviation over all tickers, 0 where they agree",
    unit="deviations",
)
def score_return(n: int) -> Column:
    """Return what is scored."""
    return log_return(n)
