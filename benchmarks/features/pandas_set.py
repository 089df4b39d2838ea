"""The features with pandas: whole columns, no loop over rows. Tests compare values with it."""

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

Series = pd.Series
ONE = pd.Timedelta(1, "us")
TIE = 1e-9  # share of the price below which a difference is rounding
FORMULAS: dict[str, Callable[..., Series]] = {}


def formula(pattern: str) -> Callable[[Callable[..., Series]], Callable[..., Series]]:
    """Register a method for names of a pattern; a {} stands for a number."""

    def register(function: Callable[..., Series]) -> Callable[..., Series]:
        FORMULAS[re.escape(pattern).replace(r"\{\}", r"(\d+)")] = function
        return function

    return register


def features(bars: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Return features of one ticker's bars: prices, volume and market, with local time as index."""
    sheet = Sheet(bars)
    return pd.DataFrame({name: sheet.column(name) for name in names}).astype(np.float32)


def over(a: Series, b: Series) -> Series:
    """Return a / b, 0 where b is 0."""
    return (a / b).mask(b == 0, 0.0 * a)


def log0(x: Series) -> Series:
    """Return log x, 0 where x is 0."""
    return np.log(x.mask(x == 0, 1.0))


def std(x: Series, n: int) -> Series:
    """Return the population deviation."""
    return x.rolling(n).std(ddof=0)


def windows(x: Series, n: int, function: Callable[[Any], Any]) -> Series:
    """Return a function of all windows [R, n] of `x`."""
    out = np.full(len(x), np.nan)
    if len(x) >= n:
        out[n - 1 :] = function(sliding_window_view(x.to_numpy(), n))
    return Series(out, x.index)


def ema(x: Series, n: int) -> Series:
    """Return the exponential average of span n."""
    return x.ewm(span=n, min_periods=n).mean()


def wilder(x: Series, n: int) -> Series:
    """Return Wilder's average."""
    return x.ewm(alpha=1 / n, min_periods=n).mean()


class Sheet:
    """Columns of one ticker, shared ones computed once."""

    def __init__(self, bars: pd.DataFrame) -> None:
        self.o, self.h, self.l, self.c = (bars[name] for name in ("open", "high", "low", "close"))
        self.v, self.bars = bars["volume"], bars

    def column(self, name: str) -> Series:
        """Return a feature."""
        for pattern, function in FORMULAS.items():
            found = re.fullmatch(pattern, name)
            if found:
                return function(self, *map(int, found.groups()))
        raise KeyError(name)

    @cached_property
    def lc(self) -> Series:
        """Log close."""
        return np.log(self.c)

    @cached_property
    def lo(self) -> Series:
        """Log open."""
        return np.log(self.o)

    @cached_property
    def lh(self) -> Series:
        """Log high."""
        return np.log(self.h)

    @cached_property
    def ll(self) -> Series:
        """Log low."""
        return np.log(self.l)

    @cached_property
    def r(self) -> Series:
        """Log return."""
        return self.lc.diff()

    @cached_property
    def market(self) -> Series:
        """The market's return."""
        return self.bars["market"].mask(self.r.isna())

    @cached_property
    def value(self) -> Series:
        """Traded value."""
        return self.c * self.v

    @cached_property
    def typical(self) -> Series:
        """Typical price."""
        return (self.h + self.l + self.c) / 3

    @cached_property
    def true_range(self) -> Series:
        """Wilder's true range."""
        last = self.c.shift()
        return np.maximum(self.h, last) - np.minimum(self.l, last)

    @cached_property
    def log_true_range(self) -> Series:
        """True range of log prices."""
        last = self.lc.shift()
        return np.maximum(self.lh, last) - np.minimum(self.ll, last)

    @cached_property
    def within(self) -> Series:
        """Rogers and Satchell's term."""
        return (self.lh - self.lc) * (self.lh - self.lo) + (self.ll - self.lc) * (self.ll - self.lo)


@formula("return_{}")
def _return(s: Sheet, n: int) -> Series:
    return s.lc.diff(n)


@formula("momentum_{}")
def _momentum(s: Sheet, n: int) -> Series:
    return s.lc.diff(n)


@formula("momentum_skip_{}_{}")
def _momentum_skip(s: Sheet, n: int, m: int) -> Series:
    return s.lc.shift(m) - s.lc.shift(n)


@formula("acceleration_{}_{}")
def _acceleration(s: Sheet, n: int, m: int) -> Series:
    return s.lc.diff(n) / n - s.lc.diff(m) / m


@formula("return_strength_{}")
def _return_strength(s: Sheet, n: int) -> Series:
    return over(s.lc.diff(n), std(s.r, n) * n**0.5)


@formula("gap_1")
def _gap(s: Sheet) -> Series:
    return s.lo - s.lc.shift()


@formula("intrabar_1")
def _intrabar(s: Sheet) -> Series:
    return s.lc - s.lo


@formula("volatility_{}")
def _volatility(s: Sheet, n: int) -> Series:
    return std(s.r, n)


@formula("volatility_ratio_{}_{}")
def _volatility_ratio(s: Sheet, n: int, m: int) -> Series:
    return over(std(s.r, n), std(s.r, m))


@formula("volatility_ewm_{}")
def _volatility_ewm(s: Sheet, n: int) -> Series:
    return np.sqrt(wilder(s.r**2, n))


@formula("parkinson_{}")
def _parkinson(s: Sheet, n: int) -> Series:
    return np.sqrt(((s.lh - s.ll) ** 2).rolling(n).mean() / (4 * np.log(2)))


@formula("garman_klass_{}")
def _garman_klass(s: Sheet, n: int) -> Series:
    term = 0.5 * (s.lh - s.ll) ** 2 - (2 * np.log(2) - 1) * (s.lc - s.lo) ** 2
    return np.sqrt(term.rolling(n).mean().clip(lower=0))


@formula("rogers_satchell_{}")
def _rogers_satchell(s: Sheet, n: int) -> Series:
    return np.sqrt(s.within.rolling(n).mean().clip(lower=0))


@formula("yang_zhang_{}")
def _yang_zhang(s: Sheet, n: int) -> Series:
    k = 0.34 / (1.34 + (n + 1) / (n - 1))
    gap, body = (s.lo - s.lc.shift()).rolling(n).var(), (s.lc - s.lo).rolling(n).var()
    return np.sqrt((gap + k * body + (1 - k) * s.within.rolling(n).mean()).clip(lower=0))


@formula("range_efficiency_{}")
def _range_efficiency(s: Sheet, n: int) -> Series:
    return log0(over(std(s.r, n), _parkinson(s, n)))


@formula("downside_{}")
def _downside(s: Sheet, n: int) -> Series:
    return over((s.r.clip(upper=0) ** 2).rolling(n).sum(), (s.r**2).rolling(n).sum())


@formula("skewness_{}")
def _skewness(s: Sheet, n: int) -> Series:
    return over(n**0.5 * (s.r**3).rolling(n).sum(), (s.r**2).rolling(n).sum() ** 1.5)


@formula("kurtosis_{}")
def _kurtosis(s: Sheet, n: int) -> Series:
    return over(n * (s.r**4).rolling(n).sum(), (s.r**2).rolling(n).sum() ** 2)


@formula("largest_move_{}")
def _largest_move(s: Sheet, n: int) -> Series:
    return over(s.r.abs().rolling(n).max(), s.r.abs().rolling(n).sum())


@formula("volatility_of_volatility_{}")
def _volatility_of_volatility(s: Sheet, n: int) -> Series:
    return over(std(s.r.abs(), n), s.r.abs().rolling(n).mean())


@formula("sma_ratio_{}")
def _sma_ratio(s: Sheet, n: int) -> Series:
    return s.c / s.c.rolling(n).mean() - 1


@formula("sma_cross_{}_{}")
def _sma_cross(s: Sheet, n: int, m: int) -> Series:
    return s.c.rolling(n).mean() / s.c.rolling(m).mean() - 1


@formula("ema_ratio_{}")
def _ema_ratio(s: Sheet, n: int) -> Series:
    return s.c / ema(s.c, n) - 1


@formula("ema_cross_{}_{}")
def _ema_cross(s: Sheet, n: int, m: int) -> Series:
    return ema(s.c, n) / ema(s.c, m) - 1


@formula("macd_{}_{}")
def _macd(s: Sheet, n: int, m: int) -> Series:
    return (ema(s.c, n) - ema(s.c, m)) / s.c


@formula("macd_signal_{}_{}_{}")
def _macd_signal(s: Sheet, n: int, m: int, k: int) -> Series:
    return ema(ema(s.c, n) - ema(s.c, m), k) / s.c


@formula("macd_histogram_{}_{}_{}")
def _macd_histogram(s: Sheet, n: int, m: int, k: int) -> Series:
    return _macd(s, n, m) - _macd_signal(s, n, m, k)


@formula("plus_di_{}")
def _plus_di(s: Sheet, n: int) -> Series:
    up, down = s.h.diff(), -s.l.diff()
    return over(wilder(up.where((up - down > TIE * s.c) & (up > 0), 0.0 * up), n), wilder(s.true_range, n))


@formula("minus_di_{}")
def _minus_di(s: Sheet, n: int) -> Series:
    up, down = s.h.diff(), -s.l.diff()
    return over(
        wilder(down.where((down - up > TIE * s.c) & (down > 0), 0.0 * down), n), wilder(s.true_range, n)
    )


@formula("adx_{}")
def _adx(s: Sheet, n: int) -> Series:
    plus, minus = _plus_di(s, n), _minus_di(s, n)
    return wilder(over((plus - minus).abs(), plus + minus), n)


@formula("aroon_up_{}")
def _aroon_up(s: Sheet, n: int) -> Series:
    return windows(s.h, n + 1, lambda w: 1 - np.argmax(w[:, ::-1], axis=1) / n)


@formula("aroon_down_{}")
def _aroon_down(s: Sheet, n: int) -> Series:
    return windows(s.l, n + 1, lambda w: 1 - np.argmin(w[:, ::-1], axis=1) / n)


@formula("slope_{}")
def _slope(s: Sheet, n: int) -> Series:
    time = np.arange(n) - (n - 1) / 2
    return windows(s.lc, n, lambda w: w @ (time / (time @ time)))


@formula("straightness_{}")
def _straightness(s: Sheet, n: int) -> Series:
    return over(_slope(s, n) * ((n * n - 1) / 12) ** 0.5, std(s.lc, n)).clip(-1, 1)


@formula("rsi_{}")
def _rsi(s: Sheet, n: int) -> Series:
    return over(s.r.rolling(n).sum(), s.r.abs().rolling(n).sum())


@formula("rsi_wilder_{}")
def _rsi_wilder(s: Sheet, n: int) -> Series:
    move = s.c.diff()
    return over(wilder(move, n), wilder(move.abs(), n))


@formula("stochastic_{}")
def _stochastic(s: Sheet, n: int) -> Series:
    top, bottom = s.h.rolling(n).max(), s.l.rolling(n).min()
    return over(2 * s.c - top - bottom, top - bottom)


@formula("channel_{}")
def _channel(s: Sheet, n: int) -> Series:
    return _stochastic(s, n)


@formula("stochastic_smooth_{}_{}")
def _stochastic_smooth(s: Sheet, n: int, k: int) -> Series:
    return _stochastic(s, n).rolling(k).mean()


@formula("williams_{}")
def _williams(s: Sheet, n: int) -> Series:
    top, bottom = s.h.rolling(n).max(), s.l.rolling(n).min()
    return over(s.c - top, top - bottom)


@formula("bollinger_{}")
def _bollinger(s: Sheet, n: int) -> Series:
    return over(s.c - s.c.rolling(n).mean(), std(s.c, n))


@formula("bollinger_percent_{}")
def _bollinger_percent(s: Sheet, n: int) -> Series:
    return _bollinger(s, n) / 4 + 0.5


@formula("bollinger_width_{}")
def _bollinger_width(s: Sheet, n: int) -> Series:
    return 4 * std(s.c, n) / s.c.rolling(n).mean()


@formula("zscore_{}")
def _zscore(s: Sheet, n: int) -> Series:
    return over(s.lc - s.lc.rolling(n).mean(), std(s.lc, n))


@formula("cci_{}")
def _cci(s: Sheet, n: int) -> Series:
    spread = windows(s.typical, n, lambda w: np.abs(w - w.mean(axis=1, keepdims=True)).mean(axis=1))
    return over(s.typical - s.typical.rolling(n).mean(), 1.5 * spread)


@formula("reversal_{}_{}")
def _reversal(s: Sheet, n: int, m: int) -> Series:
    return over(-s.lc.diff(n), std(s.r, m) * n**0.5)


def _surge(value: Series, usual: Series) -> Series:
    return np.log((1 + over(value, usual)) / 2).mask(usual == 0, 0.0)


@formula("volume_ratio_{}")
def _volume_ratio(s: Sheet, n: int) -> Series:
    return _surge(s.value, s.value.rolling(n).mean())


@formula("volume_trend_{}_{}")
def _volume_trend(s: Sheet, n: int, m: int) -> Series:
    return _surge(s.value.rolling(n).mean(), s.value.rolling(m).mean())


@formula("signed_volume_{}")
def _signed_volume(s: Sheet, n: int) -> Series:
    return over((s.value * np.sign(s.r)).rolling(n).sum(), s.value.rolling(n).sum())


@formula("obv_{}")
def _obv(s: Sheet, n: int) -> Series:
    return over((s.v * np.sign(s.r)).rolling(n).sum(), s.v.rolling(n).sum())


@formula("vwap_distance_{}")
def _vwap_distance(s: Sheet, n: int) -> Series:
    average = s.value.rolling(n).sum() / s.v.rolling(n).sum()
    return (s.c / average - 1).mask(s.v.rolling(n).sum() == 0, 0.0)


@formula("amihud_ratio_{}_{}")
def _amihud_ratio(s: Sheet, n: int, m: int) -> Series:
    cost = over(s.r.abs(), s.value)
    return log0(over(cost.rolling(n).mean(), cost.rolling(m).mean()))


@formula("money_flow_{}")
def _money_flow(s: Sheet, n: int) -> Series:
    move = s.typical.diff()
    flow, way = s.typical * s.v, np.sign(move.mask(move.abs() <= TIE * s.typical, 0.0))
    return over((flow * way).rolling(n).sum(), (flow * way.abs()).rolling(n).sum())


@formula("accumulation_{}")
def _accumulation(s: Sheet, n: int) -> Series:
    return over((_close_location(s) * s.v).rolling(n).sum(), s.v.rolling(n).sum())


@formula("volume_zscore_{}")
def _volume_zscore(s: Sheet, n: int) -> Series:
    return over(s.v - s.v.rolling(n).mean(), std(s.v, n))


@formula("volume_volatility_{}")
def _volume_volatility(s: Sheet, n: int) -> Series:
    return over(std(s.v, n), s.v.rolling(n).mean())


def correlated(x: Series, y: Series, n: int) -> Series:
    """Return the correlation, 0 where either does not vary."""
    found = x.rolling(n).corr(y)
    known = (x + y).rolling(n).sum().notna()
    return found.where(np.isfinite(found) | ~known, 0.0)


@formula("price_volume_{}")
def _price_volume(s: Sheet, n: int) -> Series:
    return correlated(s.r, s.v, n)


@formula("move_volume_{}")
def _move_volume(s: Sheet, n: int) -> Series:
    return correlated(s.r.abs(), s.v, n)


@formula("range_1")
def _range(s: Sheet) -> Series:
    return s.lh - s.ll


@formula("atr_{}")
def _atr(s: Sheet, n: int) -> Series:
    return s.log_true_range.rolling(n).mean()


@formula("atr_wilder_{}")
def _atr_wilder(s: Sheet, n: int) -> Series:
    return wilder(s.true_range, n) / s.c


@formula("atr_ratio_{}_{}")
def _atr_ratio(s: Sheet, n: int, m: int) -> Series:
    return log0(over(_atr(s, n), _atr(s, m)))


@formula("range_zscore_{}")
def _range_zscore(s: Sheet, n: int) -> Series:
    span = s.lh - s.ll
    return over(span - span.rolling(n).mean(), std(span, n))


@formula("close_location_1")
def _close_location(s: Sheet) -> Series:
    return over(2 * s.c - s.h - s.l, s.h - s.l)


@formula("body_1")
def _body(s: Sheet) -> Series:
    return over(s.c - s.o, s.h - s.l)


@formula("upper_shadow_1")
def _upper_shadow(s: Sheet) -> Series:
    return over(s.h - np.maximum(s.o, s.c), s.h - s.l)


@formula("lower_shadow_1")
def _lower_shadow(s: Sheet) -> Series:
    return over(np.minimum(s.o, s.c) - s.l, s.h - s.l)


@formula("body_mean_{}")
def _body_mean(s: Sheet, n: int) -> Series:
    return _body(s).rolling(n).mean()


@formula("drawdown_{}")
def _drawdown(s: Sheet, n: int) -> Series:
    return s.c / s.h.rolling(n).max() - 1


@formula("high_distance_{}")
def _high_distance(s: Sheet, n: int) -> Series:
    return s.lh.rolling(n).max() - s.lc


@formula("low_distance_{}")
def _low_distance(s: Sheet, n: int) -> Series:
    return s.lc - s.ll.rolling(n).min()


@formula("breakout_{}")
def _breakout(s: Sheet, n: int) -> Series:
    return s.lc - s.lh.rolling(n).max().shift()


@formula("breakdown_{}")
def _breakdown(s: Sheet, n: int) -> Series:
    return s.lc - s.ll.rolling(n).min().shift()


@formula("pivot_distance_1")
def _pivot_distance(s: Sheet) -> Series:
    return s.c / s.typical.shift() - 1


@formula("choppiness_{}")
def _choppiness(s: Sheet, n: int) -> Series:
    band = s.lh.rolling(n).max() - s.ll.rolling(n).min()
    return log0(over(s.log_true_range.rolling(n).sum(), band)) / np.log(n)


@formula("efficiency_{}")
def _efficiency(s: Sheet, n: int) -> Series:
    return over(s.lc.diff(n).abs(), s.r.abs().rolling(n).sum())


@formula("variance_ratio_{}_{}")
def _variance_ratio(s: Sheet, k: int, n: int) -> Series:
    return over(
        s.lc.diff(k).rolling(n).var(), k * s.r.rolling(n).var().where(s.lc.diff(k).shift(n - 1).notna())
    )


@formula("autocorrelation_{}_{}")
def _autocorrelation(s: Sheet, k: int, n: int) -> Series:
    return correlated(s.r, s.r.shift(k), n)


def _angle(s: Sheet, name: str) -> Any:
    time = s.bars.index
    date = time - ONE  # a bar that closes at midnight belongs to the day before
    if name == "day":
        return 2 * np.pi * (time.hour * 60 + time.minute) / 1440
    if name == "week":
        return 2 * np.pi * time.day_of_week / 7
    if name == "month":
        return 2 * np.pi * (date.day - 1) / date.days_in_month
    return 2 * np.pi * (date.day_of_year - 1) / 366


def _circle(prefix: str, name: str) -> None:
    for suffix, function in (("sin", np.sin), ("cos", np.cos)):

        def point(s: Sheet, function: Any = function) -> Series:
            return Series(function(_angle(s, name)), s.bars.index)

        formula(f"{prefix}_{suffix}")(point)


for _prefix, _name in (("time_of_day", "day"), ("weekday", "week"), ("month", "month"), ("year", "year")):
    _circle(_prefix, _name)


@formula("month_turn")
def _month_turn(s: Sheet) -> Series:
    dates = (s.bars.index - ONE).tz_localize(None).to_numpy().astype("datetime64[D]")
    first = dates.astype("datetime64[M]")
    begun = np.busday_count(first.astype("datetime64[D]"), dates)
    left = np.busday_count(dates, (first + 1).astype("datetime64[D]"))
    return Series(((begun < 3) | (left <= 1)).astype(float), s.bars.index)


@formula("beta_{}")
def _beta(s: Sheet, n: int) -> Series:
    return over(s.r.rolling(n).cov(s.market), s.market.rolling(n).var())


@formula("correlation_{}")
def _correlation(s: Sheet, n: int) -> Series:
    return correlated(s.r, s.market, n)


@formula("residual_volatility_{}")
def _residual_volatility(s: Sheet, n: int) -> Series:
    explained = over(s.r.rolling(n).cov(s.market, ddof=0) ** 2, s.market.rolling(n).var(ddof=0))
    return np.sqrt((s.r.rolling(n).var(ddof=0) - explained).clip(lower=0))


@formula("residual_return_{}_{}")
def _residual_return(s: Sheet, n: int, m: int) -> Series:
    return s.lc.diff(n) - _beta(s, m) * s.market.rolling(n).sum()


@formula("relative_return_{}")
def _relative_return(s: Sheet, n: int) -> Series:
    return s.lc.diff(n) - s.market.rolling(n).sum()


@formula("market_return_{}")
def _market_return(s: Sheet, n: int) -> Series:
    return s.market.rolling(n).sum()
