"""Ranges: how wide the bars are and where the close lies in them."""

from ploutos.features.feature import CLOSE, HIGH, LOW, Feature
from ploutos.features.window import highest, mean, ratio


def ranges(atr_bars: int, extreme_bars: int) -> list[Feature]:
    """Return the bar's log range, the average log true range, the close's place, the drawdown.

    `close_location_1` = ((close - low) - (high - close)) / (high - low), in [-1, 1]; 0 without a range.
    `drawdown_n` = close / highest high of n bars - 1, <= 0.
    """
    return [
        Feature("range_1", (HIGH / LOW).log(), 0),
        Feature(f"atr_{atr_bars}", mean("_true_range", atr_bars), atr_bars),
        Feature("close_location_1", ratio(2.0 * CLOSE - LOW - HIGH, HIGH - LOW), 0),
        Feature(f"drawdown_{extreme_bars}", CLOSE / highest("high", extreme_bars) - 1.0, extreme_bars - 1),
    ]
