"""Trend: where the price stands against its own past, and how straight the way was."""

import math
from collections.abc import Sequence

import polars as pl

from ploutos.features.feature import CLOSE, Feature
from ploutos.features.window import highest, lowest, mean, total


def trend(bars: Sequence[int], choppiness_bars: int) -> list[Feature]:
    """Return close over its moving averages - 1, and the choppiness index on log prices.

    `choppiness_n` = log(sum of log true ranges / log(highest high / lowest low)) / log(n): 0 for a
    straight way, 1 for much movement within a narrow band; 0 without movement.
    """
    band = (highest("high", choppiness_bars) / lowest("low", choppiness_bars)).log()
    path = total("_true_range", choppiness_bars)
    flat = (band == 0) | (path == 0)
    choppiness = (
        pl.when(flat).then(0.0 * path * band).otherwise((path / band).log() / math.log(choppiness_bars))
    )
    return [
        *(Feature(f"sma_ratio_{n}", CLOSE / mean("close", n) - 1.0, n - 1) for n in bars),
        Feature(f"choppiness_{choppiness_bars}", choppiness, choppiness_bars),
    ]
