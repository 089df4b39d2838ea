"""Volume: how much was traded, and in which direction. Windows without any trade give 0."""

import math

import polars as pl

from ploutos.features.feature import CLOSE, TRADED, Feature
from ploutos.features.window import mean, ratio, total


def _surge(value: pl.Expr, usual: pl.Expr) -> pl.Expr:
    """Return log((1 + value / usual) / 2): 0 at the usual level, -log 2 where nothing was traded."""
    return pl.when(usual == 0).then(0.0 * usual).otherwise((value / usual).log1p() - math.log(2.0))


def volume(fast_bars: int, slow_bars: int) -> list[Feature]:
    """Return traded value against its average, its trend, its direction, and the distance to the VWAP.

    `signed_volume_n` = sum of traded value with the sign of the bar's return / sum of traded value,
    in [-1, 1]. The volume-weighted average price is that of the closes.
    """
    usual, traded = mean("_traded", slow_bars), total("_traded", slow_bars)
    shares = total("volume", slow_bars)
    trend = _surge(mean("_traded", fast_bars), usual)
    distance = pl.when(shares == 0).then(0.0 * CLOSE).otherwise(CLOSE * shares / traded - 1.0)
    return [
        Feature(f"volume_ratio_{slow_bars}", _surge(TRADED, usual), slow_bars - 1),
        Feature(f"volume_trend_{fast_bars}_{slow_bars}", trend, max(fast_bars, slow_bars) - 1),
        Feature(f"signed_volume_{slow_bars}", ratio(total("_flow", slow_bars), traded), slow_bars),
        Feature(f"vwap_distance_{slow_bars}", distance, slow_bars - 1),
    ]
