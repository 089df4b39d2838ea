"""Volume, with pandas."""

import numpy as np

from benchmarks.features.pandas_set.ranges import close_location
from benchmarks.features.pandas_set.sheet import TIE, Series, Sheet, correlated, formula, log0, over, std


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
    return over((close_location(s) * s.v).rolling(n).sum(), s.v.rolling(n).sum())


@formula("volume_zscore_{}")
def _volume_zscore(s: Sheet, n: int) -> Series:
    return over(s.v - s.v.rolling(n).mean(), std(s.v, n))


@formula("volume_volatility_{}")
def _volume_volatility(s: Sheet, n: int) -> Series:
    return over(std(s.v, n), s.v.rolling(n).mean())


@formula("price_volume_{}")
def _price_volume(s: Sheet, n: int) -> Series:
    return correlated(s.r, s.v, n)


@formula("move_volume_{}")
def _move_volume(s: Sheet, n: int) -> Series:
    return correlated(s.r.abs(), s.v, n)
