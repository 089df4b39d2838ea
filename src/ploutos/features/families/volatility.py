"""Volatility: how far one bar's log return strays, per bar (not annualised)."""

from collections.abc import Sequence

from ploutos.features.feature import Feature
from ploutos.features.window import deviation, ratio, total


def volatility(bars: Sequence[int], downside_bars: int) -> list[Feature]:
    """Return the deviation of log returns per window, shortest over longest, and the downside's share.

    `downside_n` = sum of squared falls / sum of squared returns, in [0, 1].
    """
    short, long = min(bars), max(bars)
    change = ratio(deviation("_return", short), deviation("_return", long))
    share = ratio(total("_fall_square", downside_bars), total("_square", downside_bars))
    return [
        *(Feature(f"volatility_{n}", deviation("_return", n), n) for n in bars),
        Feature(f"volatility_ratio_{short}_{long}", change, long),
        Feature(f"downside_{downside_bars}", share, downside_bars),
    ]
