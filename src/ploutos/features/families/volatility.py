"""Volatility: how far prices stray, per bar (not annualised)."""

import math

from ploutos.features.engine.column import Column, higher, lag, log_or_zero, lower, magnitude, ratio, root
from ploutos.features.engine.window import (
    covariance,
    exponential_mean,
    highest,
    mean,
    total,
)
from ploutos.features.families.base import LOG_CLOSE, LOG_HIGH, LOG_LOW, LOG_OPEN, RETURN, spread, untied
from ploutos.features.feature import Family

VOLATILITY = Family("volatility", "Volatility: how far prices stray, per bar (not annualised).")
SPAN, BODY = untied(LOG_HIGH - LOG_LOW), untied(LOG_CLOSE - LOG_OPEN)
WITHIN = (LOG_HIGH - LOG_CLOSE) * (LOG_HIGH - LOG_OPEN) + (LOG_LOW - LOG_CLOSE) * (LOG_LOW - LOG_OPEN)


@VOLATILITY.feature(
    "volatility_{n}", 6, 30, 120, least=2, formula="population deviation of log returns", unit="log return"
)
def volatility(n: int) -> Column:
    """Return the close-to-close volatility."""
    return spread(RETURN, n)


@VOLATILITY.feature(
    "volatility_ratio_{n}_{m}",
    (6, 120),
    (6, 30),
    least=2,
    formula="volatility_n / volatility_m",
    unit="ratio",
)
def volatility_ratio(n: int, m: int) -> Column:
    """Return recent over usual volatility, 0 without the latter."""
    return ratio(spread(RETURN, n), spread(RETURN, m))


@VOLATILITY.feature(
    "volatility_ewm_{n}",
    30,
    formula="sqrt of Wilder's average over n of squared log returns",
    unit="log return",
    source="RiskMetrics (1996) with weights (1 - 1 / n)^age",
)
def volatility_ewm(n: int) -> Column:
    """Return the exponentially weighted volatility around zero."""
    return root(exponential_mean(RETURN * RETURN, 1.0 - 1.0 / n, n))


@VOLATILITY.feature(
    "parkinson_{n}",
    30,
    formula="sqrt(mean(log(high / low)^2) / (4 log 2))",
    unit="log return",
    source="Parkinson (1980)",
)
def parkinson(n: int) -> Column:
    """Return the volatility that the bars' ranges tell."""
    return root(mean(SPAN * SPAN, n) / (4.0 * math.log(2.0)))


@VOLATILITY.feature(
    "garman_klass_{n}",
    30,
    formula="sqrt(mean(log(high / low)^2 / 2 - (2 log 2 - 1) log(close / open)^2))",
    unit="log return",
    source="Garman and Klass (1980)",
)
def garman_klass(n: int) -> Column:
    """Return the volatility that ranges and bodies tell, without the gaps between bars."""
    return root(higher(mean(0.5 * (SPAN * SPAN) - (2.0 * math.log(2.0) - 1.0) * (BODY * BODY), n), 0.0))


@VOLATILITY.feature(
    "rogers_satchell_{n}",
    30,
    formula="sqrt(mean(log(h/c) log(h/o) + log(l/c) log(l/o)))",
    unit="log return",
    source="Rogers and Satchell (1991)",
)
def rogers_satchell(n: int) -> Column:
    """Return the volatility within bars, whatever the drift."""
    return root(higher(mean(WITHIN, n), 0.0))


@VOLATILITY.feature(
    "yang_zhang_{n}",
    30,
    least=2,
    formula="sqrt(var(gap) + k var(log(close / open)) + (1 - k) rogers_satchell^2),"
    " k = 0.34 / (1.34 + (n + 1) / (n - 1)), sample variances",
    unit="log return",
    source="Yang and Zhang (2000)",
)
def yang_zhang(n: int) -> Column:
    """Return the volatility of gaps and of what happens within bars."""
    gap, sample = LOG_OPEN - lag(LOG_CLOSE, 1), n / (n - 1.0)
    k = 0.34 / (1.34 + (n + 1.0) / (n - 1.0))
    parts = sample * covariance(gap, gap, n) + (k * sample) * covariance(BODY, BODY, n)
    return root(higher(parts + (1.0 - k) * mean(WITHIN, n), 0.0))


@VOLATILITY.feature(
    "range_efficiency_{n}",
    30,
    least=2,
    formula="log(volatility_n / parkinson_n), 0 where either is 0",
    unit="log ratio",
    source="",
)
def range_efficiency(n: int) -> Column:
    """Return whether bars trend (high) or swing (low) inside."""
    return log_or_zero(ratio(spread(RETURN, n), parkinson(n)))


@VOLATILITY.feature(
    "downside_{n}",
    30,
    formula="sum of squared falls / sum of squared log returns",
    unit="share, 0 to 1",
    source="Barndorff-Nielsen, Kinnebrock and Shephard (2010)",
)
def downside(n: int) -> Column:
    """Return the share of falls in the movement, 0 without any."""
    fall = lower(RETURN, 0.0)
    return ratio(total(fall * fall, n), total(RETURN * RETURN, n))


@VOLATILITY.feature(
    "skewness_{n}",
    60,
    formula="sqrt(n) sum(r^3) / sum(r^2)^(3/2)",
    unit="pure number",
    source="Amaya, Christoffersen, Jacobs and Vasquez (2015)",
)
def skewness(n: int) -> Column:
    """Return the realised skewness of log returns, 0 without movement."""
    square = total(RETURN * RETURN, n)
    return ratio(n**0.5 * total(RETURN * RETURN * RETURN, n), square * root(square))


@VOLATILITY.feature(
    "kurtosis_{n}",
    60,
    formula="n sum(r^4) / sum(r^2)^2",
    unit="pure number, 1 to n",
    source="Amaya, Christoffersen, Jacobs and Vasquez (2015)",
)
def kurtosis(n: int) -> Column:
    """Return the realised kurtosis of log returns, 0 without movement."""
    square = RETURN * RETURN
    return ratio(float(n) * total(square * square, n), total(square, n) * total(square, n))


@VOLATILITY.feature("largest_move_{n}", 30, formula="max |r| / sum |r|", unit="share, 1/n to 1", source="")
def largest_move(n: int) -> Column:
    """Return the share of the largest bar in the path, 0 without movement."""
    return ratio(highest(magnitude(RETURN), n), total(magnitude(RETURN), n))


@VOLATILITY.feature(
    "volatility_of_volatility_{n}",
    30,
    least=2,
    formula="deviation of |r| / mean of |r|",
    unit="ratio",
    source="",
)
def volatility_of_volatility(n: int) -> Column:
    """Return how unsteady the size of moves is, 0 without movement."""
    return ratio(spread(magnitude(RETURN), n), mean(magnitude(RETURN), n))
