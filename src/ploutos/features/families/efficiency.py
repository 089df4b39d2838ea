"""Choppiness and efficiency: how much of the movement led somewhere."""

import math

from ploutos.features.engine.column import (
    Column,
    between,
    change,
    lag,
    log_or_zero,
    magnitude,
    ratio,
    thresholded,
)
from ploutos.features.engine.window import correlation, covariance, highest, lowest, total
from ploutos.features.families.base import (
    LOG_CLOSE,
    LOG_HIGH,
    LOG_LOW,
    LOG_TRUE_RANGE,
    RETURN,
    TIE,
    spread,
    untied,
)
from ploutos.features.feature import Family

EFFICIENCY = Family(
    "efficiency", "Choppiness and efficiency: how much of the movement led somewhere; 0 without any."
)


@EFFICIENCY.feature(
    "choppiness_{n}",
    14,
    30,
    least=2,
    formula="log(sum of log true ranges / log(highest high / lowest low)) / log(n), at most 1",
    unit="0 (straight) to 1",
    source="Dreiss's choppiness index on log prices",
)
def choppiness(n: int) -> Column:
    """Return 0 for a straight way, 1 for much movement within a narrow band.

    The first true range may begin at a close outside of the band, so that their sum exceeds n bands.
    """
    band = untied(highest(LOG_HIGH, n) - lowest(LOG_LOW, n))
    return between(log_or_zero(ratio(total(LOG_TRUE_RANGE, n), band)) / math.log(n), 0.0, 1.0)


@EFFICIENCY.feature(
    "efficiency_{n}",
    10,
    30,
    120,
    formula="|return_n| / sum of |returns|",
    unit="0 to 1",
    source="Kaufman (1995)",
)
def efficiency(n: int) -> Column:
    """Return net move over path."""
    net = magnitude(untied(change(LOG_CLOSE, n)))
    return between(ratio(net, total(magnitude(RETURN), n)), 0.0, 1.0)


@EFFICIENCY.feature(
    "variance_ratio_{k}_{n}",
    (6, 60),
    least=(2, 2),
    formula="variance of the last n k-bar log returns / (k x variance of the n + k - 1 log returns in them)",
    unit="ratio, 1 for a random walk",
    source="Lo and MacKinlay (1988)",
)
def variance_ratio(k: int, n: int) -> Column:
    """Return above 1 for trends, below for reversals."""
    long, bars = untied(change(LOG_CLOSE, k)), n + k - 1
    usual = thresholded(covariance(RETURN, RETURN, bars), TIE * TIE)
    return ratio(covariance(long, long, n), float(k) * usual)


@EFFICIENCY.feature(
    "autocorrelation_{k}_{n}",
    (1, 60),
    least=(1, 2),
    formula="correlation of log returns with those k bars before, over n bars",
    unit="-1 to 1",
)
def autocorrelation(k: int, n: int) -> Column:
    """Return whether moves go on or turn."""
    usual = spread(RETURN, n)
    return correlation(RETURN, lag(RETURN, k), n, deviations=(usual, lag(usual, k)))
