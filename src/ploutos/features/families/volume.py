"""Volume: how much was traded, and in which direction. Windows without any trade give 0."""

from ploutos.features.engine.column import (
    CLOSE,
    VOLUME,
    Column,
    change,
    exceeds,
    log_or_zero,
    magnitude,
    ratio,
    sign,
)
from ploutos.features.engine.window import correlation, mean, total
from ploutos.features.families.base import RETURN, TIE, TRADED, TYPICAL, level_spread, spread
from ploutos.features.families.ranges import close_location
from ploutos.features.feature import Family

VOLUMES = Family(
    "volume", "Volume: how much was traded, and in which direction; 0 in a window without trades."
)


def _surge(value: Column, usual: Column) -> Column:
    """Return log((1 + value / usual) / 2): 0 at the usual level, -log 2 where nothing was traded."""
    return log_or_zero(ratio(0.5 * (usual + value), usual))


@VOLUMES.feature(
    "volume_ratio_{n}",
    30,
    formula="log((1 + v / mean(v)) / 2), v = close x volume",
    unit="log ratio, >= -log 2",
)
def volume_ratio(n: int) -> Column:
    """Return traded value against its average."""
    return _surge(TRADED, mean(TRADED, n))


@VOLUMES.feature(
    "volume_trend_{n}_{m}",
    (6, 30),
    formula="log((1 + mean_n(v) / mean_m(v)) / 2)",
    unit="log ratio, >= -log 2",
)
def volume_trend(n: int, m: int) -> Column:
    """Return recent against usual traded value."""
    return _surge(mean(TRADED, n), mean(TRADED, m))


@VOLUMES.feature(
    "signed_volume_{n}", 30, formula="sum of v x sign(return) / sum of v, v = close x volume", unit="-1 to 1"
)
def signed_volume(n: int) -> Column:
    """Return the share of traded value that went with the price."""
    return ratio(total(TRADED * sign(RETURN), n), total(TRADED, n))


@VOLUMES.feature(
    "obv_{n}",
    60,
    formula="(OBV - OBV n bars ago) / sum of volume",
    unit="-1 to 1",
    source="Granville (1963), as a ratio",
)
def obv(n: int) -> Column:
    """Return the change of the on-balance volume over what was traded."""
    return ratio(total(VOLUME * sign(RETURN), n), total(VOLUME, n))


@VOLUMES.feature(
    "vwap_distance_{n}", 6, 30, formula="close / (sum of close x volume / sum of volume) - 1", unit="fraction"
)
def vwap_distance(n: int) -> Column:
    """Return the distance to the volume-weighted average of the closes."""
    traded = total(TRADED, n)
    return ratio(CLOSE * total(VOLUME, n) - traded, traded)


@VOLUMES.feature(
    "amihud_ratio_{n}_{m}",
    (6, 60),
    formula="log(A_n / A_m), A_n = mean(|return| / (close x volume)); bars without trade count 0",
    unit="log ratio",
    source="Amihud (2002), against its own past",
)
def amihud_ratio(n: int, m: int) -> Column:
    """Return recent against usual illiquidity, 0 where either is 0."""
    cost = ratio(magnitude(RETURN), TRADED)
    return log_or_zero(ratio(mean(cost, n), mean(cost, m)))


@VOLUMES.feature(
    "money_flow_{n}",
    14,
    formula="(up - down) / (up + down), sums of p x volume by the sign of p's change,"
    " p = (high + low + close) / 3; MFI = 50 (1 + x)",
    unit="-1 to 1",
    source="Quong and Soudack (1989)",
)
def money_flow(n: int) -> Column:
    """Return the money flow index, rescaled."""
    move = change(TYPICAL, 1)
    flow, way = TYPICAL * VOLUME, sign(move) * exceeds(magnitude(move), TIE * TYPICAL)
    return ratio(total(flow * way, n), total(flow * magnitude(way), n))


@VOLUMES.feature(
    "accumulation_{n}",
    20,
    formula="sum of close_location_1 x volume / sum of volume",
    unit="-1 to 1",
    source="Chaikin's money flow",
)
def accumulation(n: int) -> Column:
    """Return the volume-weighted place of the closes in their bars."""
    return ratio(total(close_location() * VOLUME, n), total(VOLUME, n))


@VOLUMES.feature("volume_zscore_{n}", 30, least=2, formula="(volume - mean) / deviation", unit="deviations")
def volume_zscore(n: int) -> Column:
    """Return the volume in deviations from its mean."""
    return ratio(VOLUME - mean(VOLUME, n), level_spread(VOLUME, n))


@VOLUMES.feature("volume_volatility_{n}", 30, least=2, formula="deviation / mean of the volume", unit="ratio")
def volume_volatility(n: int) -> Column:
    """Return how unsteady trading is."""
    return ratio(level_spread(VOLUME, n), mean(VOLUME, n))


@VOLUMES.feature(
    "price_volume_{n}", 30, least=2, formula="correlation of log return and volume", unit="-1 to 1"
)
def price_volume(n: int) -> Column:
    """Return whether volume comes with rises or with falls."""
    return correlation(RETURN, VOLUME, n, deviations=(spread(RETURN, n), level_spread(VOLUME, n)))


@VOLUMES.feature(
    "move_volume_{n}",
    30,
    least=2,
    formula="correlation of |log return| and volume",
    unit="-1 to 1",
    source="Karpoff (1987)",
)
def move_volume(n: int) -> Column:
    """Return whether volume comes with movement."""
    size = magnitude(RETURN)
    return correlation(size, VOLUME, n, deviations=(spread(size, n), level_spread(VOLUME, n)))
