"""Features by their definitions: one number from the bars up to a row, sums written out.

Nothing is shared with the package: formulas are those of docs/features.md, read again.
"""

import datetime as dt
import math
import re
from collections.abc import Callable
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

NAN, TIE = float("nan"), 1e-9
DEFINITIONS: dict[str, Callable[..., float]] = {}


def define(*patterns: str) -> Callable[[Callable[..., float]], Callable[..., float]]:
    """Register the definition of names with numbers in place of each #."""

    def register(function: Callable[..., float]) -> Callable[..., float]:
        for pattern in patterns:
            DEFINITIONS[pattern.replace("#", r"(\d+)")] = function
        return function

    return register


def by_definition(history: "History", row: int, name: str) -> float:
    """Return a feature at a row of one ticker."""
    for pattern, function in DEFINITIONS.items():
        found = re.fullmatch(pattern, name)
        if found:
            return float(function(Past(history, row), *map(int, found.groups())))
    raise KeyError(name)


class History:
    """One ticker's columns, and exponential averages along them."""

    def __init__(self, bars: pl.DataFrame, zone: str) -> None:
        self.o, self.h, self.l, self.c, self.v, self.market = (
            bars[name].to_numpy().astype(float)
            for name in ("open", "high", "low", "close", "volume", "market")
        )
        self.times = [time.astimezone(ZoneInfo(zone)) for time in bars["ts"].dt.cast_time_unit("us")]
        before = np.append(NAN, self.c[:-1])
        self.before = before
        self.r = untied(np.log(self.c / before))
        self.market = np.where(np.isnan(self.r), NAN, self.market)
        self.typical = (self.h + self.l + self.c) / 3.0
        true_range = [
            NAN if math.isnan(p) else max(h, p) - min(w, p)
            for h, w, p in zip(self.h, self.l, before, strict=True)
        ]
        self.true_range = untied(np.array(true_range), self.c)
        self.log_range = untied(np.log(np.maximum(self.h, before) / np.minimum(self.l, before)))
        self.value = self.c * self.v
        self.known: dict[tuple[bytes, float, int], np.ndarray] = {}

    def average(self, x: np.ndarray, keep: float, least: int) -> np.ndarray:
        """Return the averages with weights keep^age of the last 2^k rows, keep^(2^k) < 2^-26."""
        key = x.tobytes(), keep, least
        if key in self.known:
            return self.known[key]
        out, size, first = np.full(len(x), NAN), 1, int(np.argmax(~np.isnan(x)))
        while keep**size >= 2.0**-26:
            size *= 2
        weights = keep ** np.arange(size)
        sums = np.cumsum(weights)
        for i in range(first + least - 1, len(x)):
            seen = x[max(first, i + 1 - size) : i + 1][::-1]
            out[i] = (seen @ weights[: len(seen)]) / sums[len(seen) - 1]
        self.known[key] = out
        return out

    def ema(self, x: np.ndarray, n: int) -> np.ndarray:
        """Return EMA_n."""
        return self.average(x, 1.0 - 2.0 / (n + 1.0), n)

    def wilder(self, x: np.ndarray, n: int) -> np.ndarray:
        """Return W_n."""
        return self.average(x, 1.0 - 1.0 / n, n)

    @cached_property
    def directions(self) -> tuple[np.ndarray, np.ndarray]:
        """Return rises of the high and falls of the low that outdo the other."""
        rises, falls = np.full((2, len(self.c)), NAN)
        for i in range(1, len(self.c)):
            up = tie(self.h[i] - self.h[i - 1], self.c[i])
            down = tie(self.l[i - 1] - self.l[i], self.c[i])
            rises[i] = up if up > 0 and up - down > TIE * self.c[i] else 0.0
            falls[i] = down if down > 0 and down - up > TIE * self.c[i] else 0.0
        return rises, falls


class Past:
    """What is known at a row."""

    def __init__(self, history: History, row: int) -> None:
        self.all, self.row = history, row

    def __getattr__(self, name: str) -> float:
        return float(getattr(self.all, name)[self.row])

    def last(self, name: str, n: int, ago: int = 0) -> np.ndarray:
        """Return the last n numbers of a column, up to `ago` rows before now; NaN if there are fewer."""
        stop = self.row + 1 - ago
        return getattr(self.all, name)[stop - n : stop] if stop >= n else np.array([NAN])

    def move(self, n: int, ago: int = 0) -> float:
        """Return log(close / close n bars before)."""
        i = self.row - ago
        return tie(math.log(self.all.c[i] / self.all.c[i - n])) if i >= n else NAN

    def log(self, name: str, n: int, ago: int = 0) -> np.ndarray:
        """Return logs of the last n numbers."""
        return np.log(self.last(name, n, ago))


def div(a: float, b: float) -> float:
    """Return a / b, 0 where b is 0."""
    return a / b if b != 0 else 0.0 * a


def tie(difference: float, level: float = 1.0) -> float:
    """Return a difference of logs, or of numbers about as large as `level`, 0 where it is rounding."""
    return 0.0 if abs(difference) <= TIE * abs(level) else difference


def untied(differences: np.ndarray, levels: np.ndarray | float = 1.0) -> np.ndarray:
    """Return the differences, each as `tie` does."""
    return np.where(np.abs(differences) <= TIE * np.abs(levels), 0.0, differences)


def clip(value: float, least: float, most: float) -> float:
    """Return the value within its bounds; NaN stays."""
    return value if math.isnan(value) else min(max(value, least), most)


def std(x: np.ndarray) -> float:
    """Return the deviation of logs, 0 where it is rounding."""
    return tie(float(np.std(x)))


def level_std(x: np.ndarray) -> float:
    """Return the deviation of prices or volumes, 0 where it is rounding."""
    return tie(float(np.std(x)), float(np.mean(x)))


def log0(x: float) -> float:
    """Return log x, 0 where x is 0."""
    return 0.0 if x == 0 else math.log(x)


def correlation(x: np.ndarray, y: np.ndarray) -> float:
    """Return the correlation of logs and anything, 0 where either does not vary."""
    if math.isnan(x.sum() + y.sum()):
        return NAN
    return 0.0 if std(x) == 0 or level_std(y) == 0 or std(y) == 0 else float(np.corrcoef(x, y)[0, 1])


def clock(angle: Callable[[dt.datetime], float], point: Callable[[float], float]) -> Callable[[Past], float]:
    """Return a point on a circle."""
    return lambda p: point(2.0 * math.pi * angle(p.all.times[p.row]))


def session(time: dt.datetime) -> dt.date:
    """Return the session's date: a bar that closes at midnight belongs to the day before."""
    return (time - dt.timedelta(microseconds=1)).date()


def days_of_month(day: dt.date) -> list[dt.date]:
    """Return all days of its month."""
    first = day.replace(day=1)
    return [d for d in (first + dt.timedelta(days=k) for k in range(31)) if d.month == day.month]


for _suffix, _point in (("sin", math.sin), ("cos", math.cos)):
    for _name, _angle in (
        ("time_of_day", lambda t: (t.hour + t.minute / 60) / 24),
        ("weekday", lambda t: t.weekday() / 7),
        ("month", lambda t: (session(t).day - 1) / len(days_of_month(session(t)))),
        ("year", lambda t: (session(t).timetuple().tm_yday - 1) / 366),
    ):
        define(f"{_name}_{_suffix}")(clock(_angle, _point))


@define("month_turn")
def _month_turn(p: Past) -> float:
    today = session(p.all.times[p.row])
    weekdays = [d for d in days_of_month(today) if d.weekday() < 5]
    return float(sum(d < today for d in weekdays) < 3 or sum(d >= today for d in weekdays) <= 1)
