"""Figures of one track. Everything is annualised from `sessions_per_year`, in one place, and nowhere else.

The unit of observation is the session, see `SessionClock`. Returns are simple.
Figures that cannot be computed (no session, no variance) are 0.0, which no gate accepts as skill.
"""

import hashlib
import math

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.types import PloutosError, Track
from ploutos.types.ratio import ratio, varies
from ploutos.types.session import SessionClock

Dates = npt.NDArray[np.datetime64]
Floats = npt.NDArray[np.float64]


def years_of(sessions: int, sessions_per_year: float) -> float:
    """Return the length in years of `sessions` sessions: the only time scale used for annualising."""
    if not sessions_per_year > 0 or not math.isfinite(sessions_per_year):
        raise PloutosError(f"sessions_per_year: must be positive and finite, got {sessions_per_year}")
    return sessions / sessions_per_year


def annual_ratio(mean: Floats, deviation: Floats, sessions_per_year: float) -> Floats:
    """Return mean / deviation x sqrt(sessions per year), elementwise; 0.0 where the deviation is rounding."""
    return ratio(mean, deviation) / math.sqrt(years_of(1, sessions_per_year))


def equity_of(bars: pl.DataFrame) -> Floats:
    """Return `equity` [T], refusing an empty track and values that are not finite."""
    equity = bars["equity"].to_numpy().astype(np.float64)
    if equity.size == 0:
        raise PloutosError("track: holds no bar")
    if not np.isfinite(equity).all():
        row = int(np.flatnonzero(~np.isfinite(equity))[0])
        raise PloutosError(f"track: equity at {bars['ts'][row]} is {equity[row]}, not a finite number")
    if equity[0] <= 0:
        raise PloutosError(f"track: starting equity is {equity[0]}, must be positive")
    return equity


def session_dates(bars: pl.DataFrame, clock: SessionClock) -> Dates:
    """Return the session of every bar [T] (datetime64[D])."""
    return clock.dates(bars["ts"].dt.timestamp("us").to_numpy()).astype("datetime64[D]")


def session_returns(bars: pl.DataFrame, clock: SessionClock) -> tuple[Dates, Floats]:
    """Return the sessions [S] after the starting bar and their simple returns [S].

    A session's return runs from the last equity before it to its last equity. The starting bar is the
    base and no session of its own, so S is 0 for a track of one bar. Ruin is absorbing: a session that
    ends at or below zero returns -1, all later ones 0.
    """
    equity = equity_of(bars)
    dates = session_dates(bars, clock)[1:]
    if dates.size == 0:
        return dates, np.empty(0)
    last = np.flatnonzero(np.append(dates[1:] != dates[:-1], True))
    closes = np.concatenate([equity[:1], equity[1 + last]])
    closes = np.where(np.minimum.accumulate(closes) > 0, closes, 0.0)
    before, after = closes[:-1], closes[1:]
    returns = np.divide(after, before, out=np.ones_like(after), where=before > 0) - 1.0
    return dates[last], returns


def constant(returns: Floats) -> bool:
    """Say whether the returns [S] vary by no more than rounding, so that their Sharpe ratio is called 0."""
    if returns.size < 2:
        return True
    return not bool(varies(returns.mean(keepdims=True), returns.std(ddof=1, keepdims=True))[0])


def note(returns: Floats) -> str:
    """Return what a line on the ratios of `returns` [S] adds where they are `constant`, else nothing."""
    if returns.size < 2 or not constant(returns):
        return ""
    return " (the returns vary by no more than rounding: their ratios count as 0)"


def sharpe(returns: Floats, sessions_per_year: float) -> float:
    """Return the annualised Sharpe ratio mean / std(ddof=1) x sqrt(sessions per year), no risk-free rate.

    0.0 for fewer than two sessions and where the returns are `constant`, also at a profit.
    Sharpe, W. F. (1994), "The Sharpe Ratio", Journal of Portfolio Management 21(1).
    """
    if returns.size < 2:
        return 0.0
    deviation = returns.std(ddof=1, keepdims=True)
    return float(annual_ratio(returns.mean(keepdims=True), deviation, sessions_per_year)[0])


def sortino(returns: Floats, sessions_per_year: float) -> float:
    """Return mean / sqrt(mean(min(r, 0)^2)) x sqrt(sessions per year), target return 0.

    0.0 for fewer than two sessions or when none lost more than rounding (unbounded then, which is not good).
    Sortino, F. & Price, L. (1994), "Performance Measurement in a Downside Risk Framework".
    """
    if returns.size < 2:
        return 0.0
    downside = np.sqrt(np.mean(np.minimum(returns, 0.0) ** 2, keepdims=True))
    return float(annual_ratio(returns.mean(keepdims=True), downside, sessions_per_year)[0])


def drawdown(equity: Floats) -> Floats:
    """Return the fall below the running peak, equity / max so far - 1, in [-1, 0], shape [T]."""
    return np.clip(equity / np.maximum.accumulate(equity) - 1.0, -1.0, 0.0)


def max_drawdown(equity: Floats) -> float:
    """Return the deepest drawdown over all bars as a positive fraction in [0, 1]."""
    return abs(float(drawdown(equity).min(initial=0.0)))


def annual_return(returns: Floats, sessions_per_year: float) -> float:
    """Return the geometric growth a year, prod(1 + r)^(1 / years) - 1; 0.0 without a session.

    Infinite only where a few sessions, carried on for a year, exceed the range of float64.
    """
    if returns.size == 0:
        return 0.0
    with np.errstate(over="ignore"):
        return float(np.prod(1.0 + returns) ** (1.0 / years_of(returns.size, sessions_per_year)) - 1.0)


def vol_annual(returns: Floats, sessions_per_year: float) -> float:
    """Return std(ddof=1) x sqrt(sessions per year); 0.0 for fewer than two sessions."""
    if returns.size < 2:
        return 0.0
    return float(returns.std(ddof=1) / math.sqrt(years_of(1, sessions_per_year)))


def _compound(keys: npt.NDArray[np.int64], returns: Floats) -> dict[int, float]:
    """Return prod(1 + r) - 1 for each distinct key, in order."""
    return {int(key): float(np.prod(1.0 + returns[keys == key]) - 1.0) for key in np.unique(keys)}


def yearly_returns(dates: Dates, returns: Floats) -> dict[int, float]:
    """Return the compound return of every calendar year that has a session, as a fraction."""
    return _compound(dates.astype("datetime64[Y]").astype(np.int64) + 1970, returns)


def yearly_sessions(dates: Dates) -> dict[int, int]:
    """Return the number of sessions in every calendar year that has one."""
    years, counts = np.unique(dates.astype("datetime64[Y]").astype(np.int64) + 1970, return_counts=True)
    return {int(year): int(count) for year, count in zip(years, counts, strict=True)}


def monthly_returns(dates: Dates, returns: Floats) -> dict[tuple[int, int], float]:
    """Return the compound return of every (year, month) that has a session, as a fraction."""
    months = _compound(dates.astype("datetime64[M]").astype(np.int64), returns)
    return {(1970 + month // 12, 1 + month % 12): value for month, value in months.items()}


def _per_year(total: float, sessions: int, sessions_per_year: float) -> float:
    return total / years_of(sessions, sessions_per_year) if sessions else 0.0


def turnover_annual(bars: pl.DataFrame, sessions: int, sessions_per_year: float) -> float:
    """Return the traded notional (buys + sells) over equity, summed over bars, a year."""
    return _per_year(float(bars["turnover"].sum()), sessions, sessions_per_year)


def cost_annual(bars: pl.DataFrame, sessions: int, sessions_per_year: float) -> float:
    """Return the costs paid a year as a fraction: each bar's cost over the equity before that bar."""
    equity, cost = equity_of(bars), bars["cost"].to_numpy()
    before = equity[:-1]
    shares = np.divide(cost[1:], before, out=np.zeros_like(before), where=before > 0)
    return _per_year(float(shares.sum()), sessions, sessions_per_year)


def summary(track: Track, sessions_per_year: float, clock: SessionClock) -> dict[str, float]:
    """Return the figures of `track` that reports show and runs log; units stand in the keys.

    `turnover_annual` is in multiples of equity, `gross_mean` the mean invested share of equity.
    """
    bars = track.bars
    dates, returns = session_returns(bars, clock)
    return {
        "sharpe": sharpe(returns, sessions_per_year),
        "sortino": sortino(returns, sessions_per_year),
        "max_drawdown_pct": 100 * max_drawdown(equity_of(bars)),
        "return_annual_pct": 100 * annual_return(returns, sessions_per_year),
        "vol_annual_pct": 100 * vol_annual(returns, sessions_per_year),
        "total_return_pct": 100 * float(np.prod(1.0 + returns) - 1.0),
        "turnover_annual": turnover_annual(bars, dates.size, sessions_per_year),
        "cost_annual_pct": 100 * cost_annual(bars, dates.size, sessions_per_year),
        "gross_mean": float(bars["gross"][1:].sum()) / max(1, bars.height - 1),
        "sessions": float(dates.size),
        "years": years_of(dates.size, sessions_per_year),
    }


def equity_sha256(track: Track) -> str:
    """Return the hash of the equity curve's little-endian float64 bytes: equal only if every bit is."""
    equity = np.ascontiguousarray(track.bars["equity"].to_numpy(), dtype="<f8")
    return hashlib.sha256(equity.tobytes()).hexdigest()
