"""Range and candle shape: how wide the bars are and where the prices lie in them."""

from ploutos.features.engine.column import (
    CLOSE,
    HIGH,
    LOW,
    OPEN,
    Column,
    between,
    higher,
    log_or_zero,
    lower,
    ratio,
)
from ploutos.features.engine.window import mean, wilder
from ploutos.features.families.base import LOG_HIGH, LOG_LOW, LOG_TRUE_RANGE, TRUE_RANGE, spread, untied
from ploutos.features.feature import Family

RANGES = Family(
    "ranges", "Range and candle shape: how wide bars are, where prices lie in them; 0 without a range."
)
SPAN, LOG_SPAN = untied(HIGH - LOW, HIGH), untied(LOG_HIGH - LOG_LOW)


@RANGES.feature("range_1", formula="log(high / low)", unit="log ratio")
def bar_range() -> Column:
    """Return the bar's range."""
    return LOG_SPAN


@RANGES.feature(
    "atr_{n}",
    14,
    formula="mean of log(max(high, last close) / min(low, last close))",
    unit="log ratio",
)
def atr(n: int) -> Column:
    """Return the average true range of log prices."""
    return mean(LOG_TRUE_RANGE, n)


@RANGES.feature(
    "atr_wilder_{n}",
    14,
    formula="W(true range) / close, W Wilder's average",
    unit="fraction",
    source="Wilder (1978)",
)
def atr_wilder(n: int) -> Column:
    """Return Wilder's average true range over the close."""
    return wilder(TRUE_RANGE, n) / CLOSE


@RANGES.feature(
    "atr_ratio_{n}_{m}", (6, 30), formula="log(atr_n / atr_m), 0 where either is 0", unit="log ratio"
)
def atr_ratio(n: int, m: int) -> Column:
    """Return recent over usual true range."""
    return log_or_zero(ratio(mean(LOG_TRUE_RANGE, n), mean(LOG_TRUE_RANGE, m)))


@RANGES.feature("range_zscore_{n}", 30, least=2, formula="(range_1 - mean) / deviation", unit="deviations")
def range_zscore(n: int) -> Column:
    """Return the bar's range in deviations from the usual one."""
    return ratio(LOG_SPAN - mean(LOG_SPAN, n), spread(LOG_SPAN, n))


@RANGES.feature("close_location_1", formula="((close - low) - (high - close)) / (high - low)", unit="-1 to 1")
def close_location() -> Column:
    """Return the place of the close in its bar."""
    return between(ratio(2.0 * CLOSE - LOW - HIGH, SPAN), -1.0, 1.0)


@RANGES.feature("body_1", formula="(close - open) / (high - low)", unit="-1 to 1")
def body() -> Column:
    """Return the candle's body, signed, over the range."""
    return between(ratio(CLOSE - OPEN, SPAN), -1.0, 1.0)


@RANGES.feature("upper_shadow_1", formula="(high - max(open, close)) / (high - low)", unit="0 to 1")
def upper_shadow() -> Column:
    """Return the upper shadow over the range."""
    return between(ratio(HIGH - higher(OPEN, CLOSE), SPAN), 0.0, 1.0)


@RANGES.feature("lower_shadow_1", formula="(min(open, close) - low) / (high - low)", unit="0 to 1")
def lower_shadow() -> Column:
    """Return the lower shadow over the range."""
    return between(ratio(lower(OPEN, CLOSE) - LOW, SPAN), 0.0, 1.0)


@RANGES.feature("body_mean_{n}", 6, formula="mean of body_1", unit="-1 to 1")
def body_mean(n: int) -> Column:
    """Return the usual direction and size of recent candles."""
    return mean(body(), n)
