"""Columns that several families build on."""

from ploutos.features.engine import operations as ops
from ploutos.features.engine.column import (
    CLOSE,
    HIGH,
    LOW,
    MARKET,
    OPEN,
    VOLUME,
    Column,
    change,
    log,
    operation,
    thresholded,
)
from ploutos.features.engine.window import deviation, mean

TIE = 1e-9
"""Share of the price below which a difference is rounding: two prices that agree in ticks are equal."""


def untied(difference: Column, level: Column | None = None) -> Column:
    """Return a difference of log prices, or of prices or volumes of this level, 0 where it is rounding."""
    return thresholded(difference, TIE, level)


def spread(x: Column, bars: int) -> Column:
    """Return the deviation of log prices or returns over the last `bars` rows, 0 where it is rounding."""
    return untied(deviation(x, bars))


def level_spread(x: Column, bars: int) -> Column:
    """Return the deviation of prices or volumes over the last `bars` rows, 0 where it is rounding."""
    return untied(deviation(x, bars), mean(x, bars))


LOG_OPEN, LOG_HIGH, LOG_LOW, LOG_CLOSE = log(OPEN), log(HIGH), log(LOW), log(CLOSE)

RETURN = untied(change(LOG_CLOSE, 1))
"""Log return of one bar."""

MARKET_RETURN = MARKET + 0.0 * RETURN
"""Mean log return of one bar of all tickers with a bar at that time; unknown at the ticker's first bar."""

TRADED = CLOSE * VOLUME
"""Traded value, in quote currency."""

TYPICAL = (HIGH + LOW + CLOSE) / 3.0
"""Typical price."""

TOP = operation(ops.HIGHER, [(HIGH, 0), (CLOSE, 1)])
BOTTOM = operation(ops.LOWER, [(LOW, 0), (CLOSE, 1)])
"""The bar's extremes, last close included."""

TRUE_RANGE = untied(TOP - BOTTOM, CLOSE)
"""max(high, last close) - min(low, last close)."""

LOG_TRUE_RANGE = untied(
    operation(ops.HIGHER, [(LOG_HIGH, 0), (LOG_CLOSE, 1)])
    - operation(ops.LOWER, [(LOG_LOW, 0), (LOG_CLOSE, 1)])
)
"""log(max(high, last close) / min(low, last close))."""
