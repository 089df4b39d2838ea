"""The definitions of the features that bars decide, family by family; see `definitions`."""

import math

import numpy as np
from definitions import NAN, TIE, Past, clip, correlation, define, div, level_std, log0, std, tie, untied

# Returns.
define("return_#", "momentum_#")(lambda p, n: p.move(n))
define("momentum_skip_#_#")(lambda p, n, m: p.move(n - m, m))
define("acceleration_#_#")(lambda p, n, m: p.move(n) / n - p.move(m) / m)
define("return_strength_#")(lambda p, n: div(p.move(n), std(p.last("r", n)) * math.sqrt(n)))
define("gap_1")(lambda p: tie(math.log(p.o / p.before)))
define("intrabar_1")(lambda p: tie(math.log(p.c / p.o)))


# Volatility.
def _spans(p: Past, n: int) -> np.ndarray:
    return untied(p.log("h", n) - p.log("l", n))


def _bodies(p: Past, n: int) -> np.ndarray:
    return untied(p.log("c", n) - p.log("o", n))


def _within(p: Past, n: int) -> np.ndarray:
    o, h, low, c = (p.log(name, n) for name in "ohlc")
    return (h - c) * (h - o) + (low - c) * (low - o)


def _parkinson(p: Past, n: int) -> float:
    return math.sqrt(np.mean(_spans(p, n) ** 2) / (4 * math.log(2)))


@define("yang_zhang_#")
def _yang_zhang(p: Past, n: int) -> float:
    k = 0.34 / (1.34 + (n + 1) / (n - 1))
    gaps = np.log(p.last("o", n) / p.last("before", n))
    variance = np.var(gaps, ddof=1) if n <= p.row + 1 else NAN
    body = np.var(_bodies(p, n), ddof=1) if n <= p.row + 1 else NAN
    return math.sqrt(max(variance + k * body + (1 - k) * np.mean(_within(p, n)), 0.0))


define("volatility_#")(lambda p, n: std(p.last("r", n)))
define("volatility_ratio_#_#")(lambda p, n, m: div(std(p.last("r", n)), std(p.last("r", m))))
define("volatility_ewm_#")(lambda p, n: math.sqrt(p.all.wilder(p.all.r**2, n)[p.row]))
define("parkinson_#")(_parkinson)
define("garman_klass_#")(
    lambda p, n: math.sqrt(np.mean(_spans(p, n) ** 2 / 2 - (2 * math.log(2) - 1) * _bodies(p, n) ** 2))
)
define("rogers_satchell_#")(lambda p, n: math.sqrt(max(np.mean(_within(p, n)), 0.0)))
define("range_efficiency_#")(lambda p, n: log0(div(std(p.last("r", n)), _parkinson(p, n))))
define("downside_#")(
    lambda p, n: div(sum(min(x, 0) ** 2 + 0 * x for x in p.last("r", n)), sum(p.last("r", n) ** 2))
)
define("skewness_#")(
    lambda p, n: div(math.sqrt(n) * sum(p.last("r", n) ** 3), sum(p.last("r", n) ** 2) ** 1.5)
)
define("kurtosis_#")(lambda p, n: div(n * sum(p.last("r", n) ** 4), sum(p.last("r", n) ** 2) ** 2))
define("largest_move_#")(lambda p, n: div(max(abs(p.last("r", n))), sum(abs(p.last("r", n)))))
define("volatility_of_volatility_#")(lambda p, n: div(std(abs(p.last("r", n))), np.mean(abs(p.last("r", n)))))


# Trend.
def _di(p: Past, way: int, n: int) -> np.ndarray:
    move, span = p.all.wilder(p.all.directions[way], n), p.all.wilder(p.all.true_range, n)
    return np.array([clip(div(a, b), 0, 1) for a, b in zip(move, span, strict=True)])


@define("adx_#")
def _adx(p: Past, n: int) -> float:
    plus, minus = _di(p, 0, n), _di(p, 1, n)
    index = np.array([div(abs(a - b), a + b) for a, b in zip(plus, minus, strict=True)])
    return p.all.wilder(index, n)[p.row]


def _macd(p: Past, n: int, m: int) -> np.ndarray:
    return p.all.ema(p.all.c, n) - p.all.ema(p.all.c, m)


def _slope(p: Past, n: int) -> float:
    return np.polyfit(np.arange(n), p.log("c", n), 1)[0] if p.row + 1 >= n else NAN


@define("straightness_#")
def _straightness(p: Past, n: int) -> float:
    return correlation(p.log("c", n), np.arange(n)) if p.row + 1 >= n else NAN


define("sma_ratio_#")(lambda p, n: p.c / np.mean(p.last("c", n)) - 1)
define("sma_cross_#_#")(lambda p, n, m: np.mean(p.last("c", n)) / np.mean(p.last("c", m)) - 1)
define("ema_ratio_#")(lambda p, n: p.c / p.all.ema(p.all.c, n)[p.row] - 1)
define("ema_cross_#_#")(lambda p, n, m: (p.all.ema(p.all.c, n) / p.all.ema(p.all.c, m))[p.row] - 1)
define("macd_#_#")(lambda p, n, m: _macd(p, n, m)[p.row] / p.c)
define("macd_signal_#_#_#")(lambda p, n, m, k: p.all.ema(_macd(p, n, m), k)[p.row] / p.c)
define("macd_histogram_#_#_#")(
    lambda p, n, m, k: (_macd(p, n, m) - p.all.ema(_macd(p, n, m), k))[p.row] / p.c
)
define("plus_di_#")(lambda p, n: _di(p, 0, n)[p.row])
define("minus_di_#")(lambda p, n: _di(p, 1, n)[p.row])


def _since_extreme(x: np.ndarray, extreme: float) -> int:
    """Return how many bars ago the latest of the numbers was that equal the extreme."""
    return int(np.argmax(np.abs(x[::-1] - extreme) <= TIE * abs(extreme)))


def _aroon(x: np.ndarray, extreme: float, n: int) -> float:
    return 1 - _since_extreme(x, extreme) / n if len(x) == n + 1 else NAN


define("aroon_up_#")(lambda p, n: _aroon(p.last("h", n + 1), max(p.last("h", n + 1)), n))
define("aroon_down_#")(lambda p, n: _aroon(p.last("l", n + 1), min(p.last("l", n + 1)), n))
define("slope_#")(_slope)

# Mean reversion.
define("rsi_#")(lambda p, n: div(sum(p.last("r", n)), sum(abs(p.last("r", n)))))


@define("rsi_wilder_#")
def _rsi_wilder(p: Past, n: int) -> float:
    move = untied(p.all.c - p.all.before, p.all.c)
    gain, loss = (p.all.wilder(np.maximum(way, 0), n)[p.row] for way in (move, -move))
    return div(gain - loss, gain + loss)


def _place(p: Past, n: int, ago: int = 0) -> float:
    top, bottom = max(p.last("h", n, ago)), min(p.last("l", n, ago))
    return clip(div(2 * p.last("c", 1, ago)[0] - top - bottom, tie(top - bottom, top)), -1, 1)


def _bollinger(p: Past, n: int) -> float:
    return div(p.c - np.mean(p.last("c", n)), level_std(p.last("c", n)))


def _williams(p: Past, n: int) -> float:
    top, bottom = max(p.last("h", n)), min(p.last("l", n))
    return clip(div(p.c - top, tie(top - bottom, top)), -1, 0)


@define("cci_#")
def _cci(p: Past, n: int) -> float:
    x = p.last("typical", n)
    spread = tie(np.mean(abs(x - np.mean(x))), np.mean(x))
    return div(p.typical - np.mean(x), 0.015 * spread) / 100


define("stochastic_#", "channel_#")(_place)
define("stochastic_smooth_#_#")(lambda p, n, k: np.mean([_place(p, n, ago) for ago in range(k)]))
define("williams_#")(_williams)
define("bollinger_#")(_bollinger)
define("bollinger_percent_#")(lambda p, n: 0.5 + _bollinger(p, n) / 4)
define("bollinger_width_#")(lambda p, n: 4 * level_std(p.last("c", n)) / np.mean(p.last("c", n)))
define("zscore_#")(lambda p, n: div(math.log(p.c) - np.mean(p.log("c", n)), std(p.log("c", n))))
define("reversal_#_#")(lambda p, n, m: div(-p.move(n), std(p.last("r", m)) * math.sqrt(n)))


# Volume.
def _surge(value: float, usual: float) -> float:
    return math.log((1 + value / usual) / 2) if usual != 0 else 0.0 * value


def _cost(p: Past, n: int) -> float:
    return np.mean([div(abs(r), v) for r, v in zip(p.last("r", n), p.last("value", n), strict=True)])


@define("money_flow_#")
def _money_flow(p: Past, n: int) -> float:
    x, v = p.last("typical", n + 1), p.last("v", n + 1)
    if len(x) == 1:
        return NAN
    up = sum(b * w for a, b, w in zip(x, x[1:], v[1:], strict=False) if b - a > TIE * b)
    down = sum(b * w for a, b, w in zip(x, x[1:], v[1:], strict=False) if a - b > TIE * b)
    return div(up - down, up + down)


@define("vwap_distance_#")
def _vwap_distance(p: Past, n: int) -> float:
    volume, value = sum(p.last("v", n)), sum(p.last("value", n))
    return p.c / (value / volume) - 1 if volume != 0 else 0.0


@define("accumulation_#")
def _accumulation(p: Past, n: int) -> float:
    h, low, c, v = (p.last(name, n) for name in "hlcv")
    flow = sum(_location(a, d, b) * w for a, d, b, w in zip(h, low, c, v, strict=True))
    return div(flow, sum(v))


def _location(high: float, low: float, close: float) -> float:
    return clip(div((close - low) - (high - close), tie(high - low, high)), -1, 1)


define("volume_ratio_#")(lambda p, n: _surge(p.value, np.mean(p.last("value", n))))
define("volume_trend_#_#")(lambda p, n, m: _surge(np.mean(p.last("value", n)), np.mean(p.last("value", m))))
define("signed_volume_#")(
    lambda p, n: div(sum(p.last("value", n) * np.sign(p.last("r", n))), sum(p.last("value", n)))
)
define("obv_#")(lambda p, n: div(sum(p.last("v", n) * np.sign(p.last("r", n))), sum(p.last("v", n))))
define("amihud_ratio_#_#")(lambda p, n, m: log0(div(_cost(p, n), _cost(p, m))))
define("volume_zscore_#")(lambda p, n: div(p.v - np.mean(p.last("v", n)), level_std(p.last("v", n))))
define("volume_volatility_#")(lambda p, n: div(level_std(p.last("v", n)), np.mean(p.last("v", n))))
define("price_volume_#")(lambda p, n: correlation(p.last("r", n), p.last("v", n)))
define("move_volume_#")(lambda p, n: correlation(abs(p.last("r", n)), p.last("v", n)))


# Ranges.
def _body(p: Past, ago: int = 0) -> float:
    o, h, low, c = (p.last(name, 1, ago)[0] for name in "ohlc")
    return clip(div(c - o, tie(h - low, h)), -1, 1)


define("range_1")(lambda p: tie(math.log(p.h / p.l)))
define("atr_#")(lambda p, n: np.mean(p.last("log_range", n)))
define("atr_wilder_#")(lambda p, n: p.all.wilder(p.all.true_range, n)[p.row] / p.c)
define("atr_ratio_#_#")(
    lambda p, n, m: log0(div(np.mean(p.last("log_range", n)), np.mean(p.last("log_range", m))))
)
define("range_zscore_#")(lambda p, n: div(_spans(p, n)[-1] - np.mean(_spans(p, n)), std(_spans(p, n))))
define("close_location_1")(lambda p: _location(p.h, p.l, p.c))
define("body_1")(_body)
define("upper_shadow_1")(lambda p: clip(div(p.h - max(p.o, p.c), tie(p.h - p.l, p.h)), 0, 1))
define("lower_shadow_1")(lambda p: clip(div(min(p.o, p.c) - p.l, tie(p.h - p.l, p.h)), 0, 1))
define("body_mean_#")(lambda p, n: np.mean([_body(p, ago) for ago in range(n)]))

# Levels.
define("drawdown_#")(lambda p, n: clip(p.c / max(p.last("h", n)) - 1, -1, 0))
define("high_distance_#")(lambda p, n: clip(math.log(max(p.last("h", n)) / p.c), 0, math.inf))
define("low_distance_#")(lambda p, n: clip(math.log(p.c / min(p.last("l", n))), 0, math.inf))
define("breakout_#")(lambda p, n: tie(math.log(p.c / max(p.last("h", n, 1)))))
define("breakdown_#")(lambda p, n: tie(math.log(p.c / min(p.last("l", n, 1)))))
define("pivot_distance_1")(lambda p: p.c / p.last("typical", 1, 1)[0] - 1)


# Efficiency.
@define("choppiness_#")
def _choppiness(p: Past, n: int) -> float:
    band = tie(math.log(max(p.last("h", n)) / min(p.last("l", n))))
    return clip(log0(div(sum(p.last("log_range", n)), band)) / math.log(n), 0, 1)


@define("variance_ratio_#_#")
def _variance_ratio(p: Past, k: int, n: int) -> float:
    long = np.array([p.move(k, ago) for ago in range(n)])
    return div(np.var(long), k * std(p.last("r", n + k - 1)) ** 2)


define("efficiency_#")(lambda p, n: clip(div(abs(p.move(n)), sum(abs(p.last("r", n)))), 0, 1))
define("autocorrelation_#_#")(lambda p, k, n: correlation(p.last("r", n), p.last("r", n, k)))


# Market.
def _beta(p: Past, n: int) -> float:
    r, m = p.last("r", n), p.last("market", n)
    return div(np.mean((r - r.mean()) * (m - m.mean())), std(m) ** 2)


@define("residual_volatility_#")
def _residual_volatility(p: Past, n: int) -> float:
    r, m = p.last("r", n), p.last("market", n)
    left = (r - r.mean()) - _beta(p, n) * (m - m.mean())
    return math.sqrt(np.mean(left**2))


define("beta_#")(_beta)
define("correlation_#")(lambda p, n: correlation(p.last("r", n), p.last("market", n)))
define("residual_return_#_#")(lambda p, n, m: p.move(n) - _beta(p, m) * sum(p.last("market", n)))
define("relative_return_#")(lambda p, n: p.move(n) - sum(p.last("market", n)))
define("market_return_#")(lambda p, n: sum(p.last("market", n)))
