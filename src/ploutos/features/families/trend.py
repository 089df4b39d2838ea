"""Trend: where the price stands against its own past, and which way that points."""

from ploutos.features.engine.column import (
    CLOSE,
    HIGH,
    LOW,
    Column,
    between,
    change,
    exceeds,
    higher,
    magnitude,
    ratio,
)
from ploutos.features.engine.window import (
    ema,
    mean,
    rows_since_highest,
    slope,
    wilder,
)
from ploutos.features.families.base import LOG_CLOSE, TIE, TRUE_RANGE, spread, untied
from ploutos.features.feature import Family

TREND = Family("trend", "Trend: where the price stands against its own past, and which way that points.")
WILDER = "Wilder (1978)"
UP, DOWN = untied(change(HIGH, 1), CLOSE), untied(-change(LOW, 1), CLOSE)
RISE = higher(UP, 0.0) * exceeds(UP - DOWN, TIE * CLOSE)
FALL = higher(DOWN, 0.0) * exceeds(DOWN - UP, TIE * CLOSE)


@TREND.feature("sma_ratio_{n}", 6, 20, 30, 60, 120, formula="close / mean(close) - 1", unit="fraction")
def sma_ratio(n: int) -> Column:
    """Return the distance to the moving average."""
    return CLOSE / mean(CLOSE, n) - 1.0


@TREND.feature(
    "sma_cross_{n}_{m}", (6, 30), (30, 120), formula="mean_n(close) / mean_m(close) - 1", unit="fraction"
)
def sma_cross(n: int, m: int) -> Column:
    """Return the distance between two moving averages."""
    return mean(CLOSE, n) / mean(CLOSE, m) - 1.0


@TREND.feature("ema_ratio_{n}", 12, 26, 60, formula="close / EMA_n(close) - 1", unit="fraction")
def ema_ratio(n: int) -> Column:
    """Return the distance to the exponential average."""
    return CLOSE / ema(CLOSE, n) - 1.0


@TREND.feature("ema_cross_{n}_{m}", (12, 60), formula="EMA_n(close) / EMA_m(close) - 1", unit="fraction")
def ema_cross(n: int, m: int) -> Column:
    """Return the distance between two exponential averages."""
    return ema(CLOSE, n) / ema(CLOSE, m) - 1.0


@TREND.feature(
    "macd_{n}_{m}",
    (12, 26),
    formula="(EMA_n(close) - EMA_m(close)) / close",
    unit="fraction of the close",
    source="Appel (1979), over the close",
)
def macd(n: int, m: int) -> Column:
    """Return MACD over the close."""
    return (ema(CLOSE, n) - ema(CLOSE, m)) / CLOSE


@TREND.feature(
    "macd_signal_{n}_{m}_{k}",
    (12, 26, 9),
    formula="EMA_k(EMA_n(close) - EMA_m(close)) / close",
    unit="fraction of the close",
    source="Appel (1979), over the close",
)
def macd_signal(n: int, m: int, k: int) -> Column:
    """Return MACD's signal line over the close."""
    return ema(ema(CLOSE, n) - ema(CLOSE, m), k) / CLOSE


@TREND.feature(
    "macd_histogram_{n}_{m}_{k}",
    (12, 26, 9),
    formula="macd_n_m - macd_signal_n_m_k",
    unit="fraction of the close",
    source="Appel (1979), over the close",
)
def macd_histogram(n: int, m: int, k: int) -> Column:
    """Return MACD less its signal line, over the close."""
    line = ema(CLOSE, n) - ema(CLOSE, m)
    return (line - ema(line, k)) / CLOSE


def _directional(move: Column, n: int) -> Column:
    return between(ratio(wilder(move, n), wilder(TRUE_RANGE, n)), 0.0, 1.0)


@TREND.feature(
    "plus_di_{n}",
    14,
    formula="W(rises of the high) / W(true range), W Wilder's average",
    unit="0 to 1",
    source=WILDER,
)
def plus_di(n: int) -> Column:
    """Return the positive directional indicator."""
    return _directional(RISE, n)


@TREND.feature(
    "minus_di_{n}", 14, formula="W(falls of the low) / W(true range)", unit="0 to 1", source=WILDER
)
def minus_di(n: int) -> Column:
    """Return the negative directional indicator."""
    return _directional(FALL, n)


@TREND.feature(
    "adx_{n}", 14, formula="W(|plus_di - minus_di| / (plus_di + minus_di))", unit="0 to 1", source=WILDER
)
def adx(n: int) -> Column:
    """Return the average directional index; bars without direction count 0."""
    plus, minus = plus_di(n), minus_di(n)
    return wilder(ratio(magnitude(plus - minus), plus + minus), n)


@TREND.feature(
    "aroon_up_{n}",
    30,
    formula="1 - bars since the highest high of n + 1 bars / n",
    unit="0 to 1",
    source="Chande (1995)",
)
def aroon_up(n: int) -> Column:
    """Return how fresh the highest high is."""
    return 1.0 - rows_since_highest(HIGH, n + 1, TIE) / n


@TREND.feature(
    "aroon_down_{n}",
    30,
    formula="1 - bars since the lowest low of n + 1 bars / n",
    unit="0 to 1",
    source="Chande (1995)",
)
def aroon_down(n: int) -> Column:
    """Return how fresh the lowest low is."""
    return 1.0 - rows_since_highest(-LOW, n + 1, TIE) / n


@TREND.feature(
    "slope_{n}",
    30,
    120,
    least=2,
    formula="least-squares slope of log(close) per bar",
    unit="log return per bar",
)
def regression_slope(n: int) -> Column:
    """Return the slope of the line through log prices."""
    return slope(LOG_CLOSE, n)


@TREND.feature(
    "straightness_{n}", 30, 120, least=2, formula="correlation of log(close) with time", unit="-1 to 1"
)
def straightness(n: int) -> Column:
    """Return how straight the way was, signed; its square is the R^2 of the line. 0 without movement."""
    line = slope(LOG_CLOSE, n) * ((n * n - 1.0) / 12.0) ** 0.5
    return between(ratio(line, spread(LOG_CLOSE, n)), -1.0, 1.0)
