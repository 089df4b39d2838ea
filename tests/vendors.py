"""One market for the layouts of many vendors, and how they write numbers."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

DAYS = [date(2021, 1, 4) + timedelta(days=n) for n in range(60)]
DAYS = [day for day in DAYS if day.weekday() < 5]
HOURS = [datetime(2021, 3, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(60)]


@dataclass(frozen=True)
class Row:
    """A bar as the vendor knows it: `at` is a date, or the hour at which the bar begins."""

    at: date
    open: float
    high: float
    low: float
    close: float
    volume: int

    @property
    def values(self):
        return (self.open, self.high, self.low, self.close, self.volume)


def market(times, start, seed=0, digits=2):
    """Return rows of a random walk with prices of `digits` decimals."""
    rng = np.random.default_rng(seed)
    close, rows = start, []
    for at in times:
        first = close * (1 + rng.normal(0, 0.003))
        close = first * (1 + rng.normal(0, 0.01))
        high = max(first, close) * (1 + abs(rng.normal(0, 0.002)))
        low = min(first, close) * (1 - abs(rng.normal(0, 0.002)))
        prices = [round(price, digits) for price in (first, high, low, close)]
        rows.append(Row(at, *prices, int(rng.integers(100_000, 900_000))))
    return rows


def table(rows, line, *above, end="\n"):
    """Return a text: `above`, then a line a row."""
    return end.join([*above, *(line(row) for row in rows)]) + end


def american(number, digits=2):
    return f"{number:,.{digits}f}"


def german(number, digits=2):
    return american(number, digits).translate(str.maketrans(",.", ".,"))


def short(number):
    return f"{number / 1e6:.2f}M" if number >= 1e6 else f"{number / 1e3:.2f}K"
