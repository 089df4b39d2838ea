"""Choppiness and efficiency: how much of the movement led somewhere."""

import math

from ploutos.features.engine.column import Column, change, lag, log_or_zero, magnitude, ratio
from ploutos.features.engine.window import correlation, covariance, highest, lowest, total
from ploutos.features.families.base import LOG_CLOSE, LOG_HIGH, LOG_LOW, LOG_TRUE_RANGE, RETURN
from ploutos.features.feature import Family

EFFICIENCY = Family(
    "efficiency", "Choppiness and efficiency: how much of the movement led somewhere; 0 without any."
)


@EFFICIENCY.feature(
    "choppiness_{n}",
    14,
    30,
    least=2,
    formula="log(sum of log true ranges / log(highest high / lowest low)) / log(n)",
    unit="0 (straight) to 1",
    source="Dreiss's choppiness index on log prices",
)
def choppiness(n: int) -> Column:
    """Return 0 for a straight way, 1 for much movement within a narrow band."""
    band = highest(LOG_HIGH, n) - lowest(LOG_LOW, n)
    return log_or_zero(ratio(total(LOG_TRUE_RANGE, n), band)) / math.log(n)


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
    return ratio(magnitude(change(LOG_CLOSE, n)), total(magnitude(RETURN), n))


@EFFICIENCY.feature(
    "variance_ratio_{k}_{n}",
    (6, 60),
    least=(2, 2),
    formula="variance of k-bar log returns / (k x variance of log returns), over n bars",
    unit="ratio, 1 for a random walk",
    source="Lo and MacKinlay (1988)",
)
def variance_ratio(k: int, n: int) -> Column:
    """Return above 1 for trends, below for reversals."""
    long = change(LOG_CLOSE, k)
    return ratio(covariance(long, long, n), float(k) * covariance(RETURN, RETURN, n))


@EFFICIENCY.feature(
    "autocorrelation_{k}_{n}",
    (1, 60),
    least=(1, 2),
    formula="correlation of log returns with those k bars before, over n bars",
    unit="-1 to 1",
)
def autocorrelation(k: int, n: int) -> Column:
    """Return whether moves go on or turn."""
    return correlation(RETURN, lag(RETURN, k), n)
