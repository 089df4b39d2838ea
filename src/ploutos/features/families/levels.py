"""Support and resistance: how far the nearest extremes are."""

from ploutos.features.engine.column import CLOSE, HIGH, LOW, Column, between, higher, lag, lower, ratio
from ploutos.features.engine.window import highest, lowest
from ploutos.features.families.base import LOG_CLOSE, LOG_HIGH, LOG_LOW, TYPICAL, untied
from ploutos.features.feature import Family

LEVELS = Family("levels", "Support and resistance: how far the nearest extremes are.")


@LEVELS.feature("drawdown_{n}", 60, 120, formula="close / highest high - 1", unit="fraction, <= 0")
def drawdown(n: int) -> Column:
    """Return the fall from the highest high."""
    return lower(CLOSE / highest(HIGH, n) - 1.0, 0.0)


@LEVELS.feature("high_distance_{n}", 30, formula="log(highest high / close)", unit="log ratio, >= 0")
def high_distance(n: int) -> Column:
    """Return the distance up to the resistance."""
    return higher(highest(LOG_HIGH, n) - LOG_CLOSE, 0.0)


@LEVELS.feature("low_distance_{n}", 30, 120, formula="log(close / lowest low)", unit="log ratio, >= 0")
def low_distance(n: int) -> Column:
    """Return the distance down to the support."""
    return higher(LOG_CLOSE - lowest(LOG_LOW, n), 0.0)


@LEVELS.feature(
    "breakout_{n}",
    30,
    formula="log(close / highest high of the n bars before this one)",
    unit="log ratio, > 0 above the channel",
    source="Donchian's channel",
)
def breakout(n: int) -> Column:
    """Return how far the close stands above the channel of the bars before."""
    return untied(LOG_CLOSE - lag(highest(LOG_HIGH, n), 1))


@LEVELS.feature(
    "breakdown_{n}",
    30,
    formula="log(close / lowest low of the n bars before this one)",
    unit="log ratio, < 0 below the channel",
    source="Donchian's channel",
)
def breakdown(n: int) -> Column:
    """Return how far the close stands above the floor of the bars before."""
    return untied(LOG_CLOSE - lag(lowest(LOG_LOW, n), 1))


@LEVELS.feature(
    "channel_{n}",
    60,
    formula="(2 close - highest high - lowest low) / (highest high - lowest low)",
    unit="-1 to 1",
    source="Donchian's channel",
)
def channel(n: int) -> Column:
    """Return the close's place in the channel, 0 without a range."""
    top, bottom = highest(HIGH, n), lowest(LOW, n)
    return between(ratio(2.0 * CLOSE - top - bottom, untied(top - bottom, top)), -1.0, 1.0)


@LEVELS.feature(
    "pivot_distance_1",
    formula="close / ((high + low + close) / 3 of the bar before) - 1",
    unit="fraction",
    source="floor traders' pivot",
)
def pivot_distance() -> Column:
    """Return the distance to the last bar's pivot."""
    return CLOSE / lag(TYPICAL, 1) - 1.0
