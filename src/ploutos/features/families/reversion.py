"""Mean reversion: how far a short move has stretched. A window without movement gives 0."""

from ploutos.features.engine.column import CLOSE, HIGH, LOW, Column, between, change, magnitude, ratio
from ploutos.features.engine.window import (
    absolute_deviation,
    highest,
    lowest,
    mean,
    total,
    wilder,
)
from ploutos.features.families.base import LOG_CLOSE, RETURN, TYPICAL, level_spread, spread, untied
from ploutos.features.feature import Family

REVERSION = Family("reversion", "Mean reversion: how far a short move has stretched; 0 without movement.")


@REVERSION.feature(
    "rsi_{n}",
    6,
    14,
    30,
    formula="sum of log returns / sum of their magnitudes; RSI = 50 (1 + x)",
    unit="-1 to 1",
    source="Cutler's RSI",
)
def rsi(n: int) -> Column:
    """Return (gains - losses) / (gains + losses) over a plain window."""
    return ratio(total(RETURN, n), total(magnitude(RETURN), n))


@REVERSION.feature(
    "rsi_wilder_{n}",
    14,
    formula="W(changes of the close) / W(their magnitudes), W Wilder's average; RSI = 50 (1 + x)",
    unit="-1 to 1",
    source="Wilder (1978)",
)
def rsi_wilder(n: int) -> Column:
    """Return (gains - losses) / (gains + losses) with Wilder's averages."""
    move = untied(change(CLOSE, 1), CLOSE)
    return ratio(wilder(move, n), wilder(magnitude(move), n))


@REVERSION.feature(
    "stochastic_{n}",
    14,
    formula="(2 close - lowest low - highest high) / (highest high - lowest low); %K = 50 (1 + x)",
    unit="-1 to 1",
    source="Lane (1984)",
)
def stochastic(n: int) -> Column:
    """Return the close's place in the range of n bars."""
    top, bottom = highest(HIGH, n), lowest(LOW, n)
    return between(ratio(2.0 * CLOSE - bottom - top, untied(top - bottom, top)), -1.0, 1.0)


@REVERSION.feature(
    "stochastic_smooth_{n}_{k}",
    (14, 3),
    formula="mean of stochastic_n over k bars",
    unit="-1 to 1",
    source="Lane (1984)",
)
def stochastic_smooth(n: int, k: int) -> Column:
    """Return %D, rescaled."""
    return mean(stochastic(n), k)


@REVERSION.feature(
    "williams_{n}",
    14,
    formula="(close - highest high) / (highest high - lowest low); %R = 100 x",
    unit="-1 to 0",
    source="Williams (1979)",
)
def williams(n: int) -> Column:
    """Return Williams %R as a fraction."""
    top, bottom = highest(HIGH, n), lowest(LOW, n)
    return between(ratio(CLOSE - top, untied(top - bottom, top)), -1.0, 0.0)


@REVERSION.feature(
    "bollinger_{n}",
    20,
    least=2,
    formula="(close - mean) / deviation",
    unit="deviations",
    source="Bollinger (2001)",
)
def bollinger(n: int) -> Column:
    """Return the distance to the middle band in deviations."""
    return ratio(CLOSE - mean(CLOSE, n), level_spread(CLOSE, n))


@REVERSION.feature(
    "bollinger_percent_{n}",
    20,
    least=2,
    formula="(close - lower band) / (upper band - lower band), bands 2 deviations from the mean",
    unit="fraction",
    source="Bollinger (2001)",
)
def bollinger_percent(n: int) -> Column:
    """Return %b; in the middle, 1/2, without movement."""
    return bollinger(n) / 4.0 + 0.5


@REVERSION.feature(
    "bollinger_width_{n}",
    20,
    least=2,
    formula="4 deviations / mean",
    unit="fraction",
    source="Bollinger (2001)",
)
def bollinger_width(n: int) -> Column:
    """Return the width of the bands over the middle one."""
    return 4.0 * level_spread(CLOSE, n) / mean(CLOSE, n)


@REVERSION.feature(
    "zscore_{n}", 60, 120, least=2, formula="(log(close) - mean) / deviation of log(close)", unit="deviations"
)
def zscore(n: int) -> Column:
    """Return the log price in deviations from its mean."""
    return ratio(LOG_CLOSE - mean(LOG_CLOSE, n), spread(LOG_CLOSE, n))


@REVERSION.feature(
    "cci_{n}",
    20,
    least=2,
    formula="(p - mean(p)) / (0.015 mean|p - mean(p)|) / 100, p = (high + low + close) / 3",
    unit="hundreds of CCI",
    source="Lambert (1980)",
)
def cci(n: int) -> Column:
    """Return the commodity channel index over 100."""
    usual = mean(TYPICAL, n)
    return ratio(TYPICAL - usual, 1.5 * untied(absolute_deviation(TYPICAL, n), usual))


@REVERSION.feature(
    "reversal_{n}_{m}",
    (3, 30),
    least=(1, 2),
    formula="-return_n / (volatility_m sqrt(n))",
    unit="deviations",
    source="Lehmann (1990)",
)
def reversal(n: int, m: int) -> Column:
    """Return the short reversal in deviations."""
    return ratio(-untied(change(LOG_CLOSE, n)), spread(RETURN, m) * n**0.5)
