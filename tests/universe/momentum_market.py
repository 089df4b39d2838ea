"""Small markets for `momentum_top_k`, and its choice recomputed name by name in plain Python."""

import bisect
import math
import statistics
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import polars as pl

from ploutos.data.calendars.always_open import AlwaysOpen
from ploutos.data.calendars.exchange import Exchange
from ploutos.data.calendars.weekdays import Weekdays
from ploutos.types import Bars
from ploutos.universe.momentum_top_k import MomentumTopK

ZONE = "America/New_York"
WEEK = Weekdays(timezone=ZONE, session_open="09:30", session_close="16:00")
XNYS = Exchange(code="XNYS")
NONSTOP = AlwaysOpen(timezone="UTC", day_starts="00:00")
SETTINGS = {
    "calendar": WEEK,
    "rebalance": "quarter",
    "top_k": 50,
    "momentum_sessions": 252,
    "skip_sessions": 21,
    "min_history": 0.95,
    "carry_sessions": 5,
    "max_idle_sessions": 0,
    "volatility_sessions": 63,
    "min_volatility_annual": 0.15,
    "dollar_volume_sessions": 63,
    "min_dollar_volume": 5e6,
    "index_spells": None,
}
SMALL = {
    "top_k": 2,
    "momentum_sessions": 4,
    "skip_sessions": 1,
    "min_history": 1.0,
    "carry_sessions": 0,
    "volatility_sessions": 2,
    "min_volatility_annual": 0.0,
    "dollar_volume_sessions": 3,
    "min_dollar_volume": 0.0,
}


def universe(**settings):
    return MomentumTopK(**(SETTINGS | settings))


def small(**settings):
    return universe(**(SMALL | settings))


def daily(
    closes: dict[str, list[float | None]], days: list[date], volume: float = 1e6, calendar=WEEK
) -> pl.DataFrame:
    """Return daily bars that close with their session; None is a session without a bar."""
    rows = [
        (day, ticker, close, volume)
        for ticker, series in closes.items()
        for day, close in zip(days, series, strict=True)
        if close is not None
    ]
    return from_days(pl.DataFrame(rows, schema=["date", "ticker", "close", "volume"], orient="row"), calendar)


def from_days(frame: pl.DataFrame, calendar=WEEK) -> pl.DataFrame:
    """Return bars of a daily file with `date`, `ticker`, `close`, `volume`; each date is a session."""
    closes = calendar.sessions(frame["date"].min(), frame["date"].max()).select(date="session", ts="close")
    prices = [pl.col("close").alias(name) for name in ("open", "high", "low") if name not in frame.columns]
    frame = frame.join(closes, on="date", how="left").with_columns(*prices)
    assert not frame["ts"].null_count()
    return frame.select("ts", "ticker", "open", "high", "low", "close", "volume").sort("ticker", "ts")


# Sessions a year; those of New York from 2000 to 2019.
A_YEAR = {Weekdays: 365.25 * 5 / 7, AlwaysOpen: 365.25, Exchange: 5031 / 20}


def axis(frame: pl.DataFrame):
    """Return the panel's two axes."""
    ts = np.unique(frame["ts"].to_physical().to_numpy())
    return ts, tuple(frame["ticker"].unique().sort().to_list())


def chosen(made: MomentumTopK, frame: pl.DataFrame, **bars):
    """Return {session date: members at its last bar}."""
    ts, tickers = axis(frame)
    member = made.membership(Bars(frame=frame, **bars), ts, tickers)
    dates = [datetime.fromtimestamp(int(t) / 1e6, UTC).date() for t in ts]
    return {day: {tickers[n] for n in np.flatnonzero(row)} for day, row in zip(dates, member, strict=True)}


def weekdays(first: date, n: int) -> list[date]:
    days = [first + timedelta(days=k) for k in range(2 * n + 7)]
    return [day for day in days if day.weekday() < 5][:n]


def picks_by_hand(raw: pl.DataFrame, rebalance: date, members: set[str] | None, **changed):
    """Return the picks of a daily file (`date`, `ticker`, `close`, `volume`), strongest first."""
    s = SETTINGS | changed
    sessions = sorted(day for day in raw["date"].unique() if day < rebalance)
    longest = max(s["momentum_sessions"], s["volatility_sessions"], s["dollar_volume_sessions"] - 1)
    if len(sessions) <= longest:
        return []
    window = sessions[-1 - longest :]
    far = sessions[max(0, len(sessions) - 1 - longest - s["carry_sessions"])]
    rows = raw.filter(pl.col("date").is_between(far, sessions[-1]))
    per_year = A_YEAR[type(s["calendar"])]
    found = []
    for (ticker,), part in rows.sort("date").group_by("ticker", maintain_order=True):
        bars = {day: (close, volume) for day, close, volume in part.select("date", "close", "volume").rows()}
        if members is not None and ticker not in members:
            continue
        momentum = eligible_momentum(bars, sessions, window, per_year, s)
        if momentum is not None:
            found.append((-momentum, ticker))
    return [ticker for _, ticker in sorted(found)[: s["top_k"]]]


def eligible_momentum(bars, sessions, window, per_year, s):
    """Return a name's momentum, None where it is not eligible; `bars` = {date: (close, volume)}."""

    def close_at(lag):
        """Return the last close at or before the session, and how many sessions older it is."""
        days = sorted(bars)
        k = bisect.bisect_right(days, sessions[-1 - lag])
        if not k:
            return None, None
        age = bisect.bisect_left(sessions, sessions[-1 - lag]) - bisect.bisect_left(sessions, days[k - 1])
        return bars[days[k - 1]][0], age

    if not any(day in bars for day in sessions[-1 - s["max_idle_sessions"] :]):
        return None
    if sum(day in bars for day in window) < s["min_history"] * len(window):
        return None
    (start, start_age), (end, end_age) = close_at(s["momentum_sessions"]), close_at(s["skip_sessions"])
    if start is None or end is None or max(start_age, end_age) > s["carry_sessions"]:
        return None
    held = [close_at(lag)[0] for lag in range(s["volatility_sessions"], -1, -1)]
    returns = [math.log(b / a) for a, b in pairwise(held) if a is not None]
    if len(returns) < 2 or statistics.stdev(returns) * math.sqrt(per_year) < s["min_volatility_annual"]:
        return None
    turnover = [math.prod(bars.get(day, (0, 0))) for day in sessions[-s["dollar_volume_sessions"] :]]
    if statistics.median(turnover) < s["min_dollar_volume"]:
        return None
    return end / start - 1.0
