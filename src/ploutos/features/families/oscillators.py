"""Oscillators: how far a short move has stretched."""

from ploutos.features.feature import CLOSE, Feature
from ploutos.features.window import deviation, highest, lowest, mean, ratio, total


def oscillators(bars: int, band_bars: int) -> list[Feature]:
    """Return RSI and stochastic %K rescaled to [-1, 1], and the Bollinger z-score and relative width.

    RSI is Cutler's on log returns, (gains - losses) / (gains + losses) = net move / path: Wilder's recursion
    never forgets its start. The width is 4 deviations over the average. A window without movement gives 0.
    """
    top, bottom = highest("high", bars), lowest("low", bars)
    average, band = mean("close", band_bars), deviation("close", band_bars)
    return [
        Feature(f"rsi_{bars}", ratio(total("_return", bars), total("_move", bars)), bars),
        Feature(f"stochastic_{bars}", ratio(2.0 * CLOSE - bottom - top, top - bottom), bars - 1),
        Feature(f"bollinger_{band_bars}", ratio(CLOSE - average, band), band_bars - 1),
        Feature(f"bollinger_width_{band_bars}", 4.0 * band / average, band_bars - 1),
    ]
