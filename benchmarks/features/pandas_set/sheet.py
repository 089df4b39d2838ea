"""Columns of one ticker with pandas, and what formulas are made of."""

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

Series = pd.Series
TIE = 1e-9  # share of the price below which a difference is rounding
FORMULAS: dict[str, Callable[..., Series]] = {}


def formula(pattern: str) -> Callable[[Callable[..., Series]], Callable[..., Series]]:
    """Register a method for names of a pattern; a {} stands for a number."""

    def register(function: Callable[..., Series]) -> Callable[..., Series]:
        FORMULAS[re.escape(pattern).replace(r"\{\}", r"(\d+)")] = function
        return function

    return register


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


def correlated(x: Series, y: Series, n: int) -> Series:
    """Return the correlation, 0 where either does not vary."""
    found = x.rolling(n).corr(y)
    known = (x + y).rolling(n).sum().notna()
    return found.where(np.isfinite(found) | ~known, 0.0)


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
