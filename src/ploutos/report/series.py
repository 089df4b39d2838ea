"""What figures and tables draw from a track: thinned curves, fold spans, monthly sums."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.backtest.metrics import equity_of, session_dates
from ploutos.types import Study, Track
from ploutos.types.session import SessionClock

Floats = npt.NDArray[np.float64]


def stride(count: int, limit: int) -> npt.NDArray[np.int64]:
    """Return at most `limit` evenly spread rows of `count`, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, max(2, min(count, limit))).round().astype(np.int64))


def stamps(ts: pl.Series, timezone: str) -> list[str]:
    """Return local wall times for a time axis (Plotly ignores offsets)."""
    return ts.dt.convert_time_zone(timezone).dt.strftime("%Y-%m-%d %H:%M").to_list()


def thinned_minimum(values: Floats, rows: npt.NDArray[np.int64]) -> Floats:
    """Return at each of `rows` the minimum since the row before: thinning must not hide a trough."""
    return np.minimum.reduceat(values, np.append(0, rows[:-1] + 1))


def portfolios(study: Study) -> dict[str, Track]:
    """Return the strategy, then its baselines, by name."""
    return {"strategy": study.track} | {
        (f"{name} (baseline)" if name == "strategy" else name): track
        for name, track in study.baselines.items()
    }


def fold_spans(track: Track) -> list[tuple[int, pl.DataFrame]]:
    """Return each fold's bars in order, preceded by the bar before them (the base of its returns)."""
    fold = track.bars["fold"].to_numpy()
    edges = np.flatnonzero(np.append(True, fold[1:] != fold[:-1]))
    ends = np.append(edges[1:], fold.size)
    return [
        (int(fold[start]), track.bars[max(0, int(start) - 1) : int(end)])
        for start, end in zip(edges, ends, strict=True)
    ]


@dataclass(frozen=True)
class Months:
    """Trading by calendar month: `turnover` in multiples of equity, `cost_pct` in % of equity."""

    month: list[str]
    turnover: list[float]
    cost_pct: list[float]


def months(track: Track, clock: SessionClock) -> Months:
    """Sum turnover and costs (each over the equity before its bar) by calendar month.

    The starting bar, which cannot trade, is left out.
    """
    before = equity_of(track.bars)[:-1]
    traded = track.bars[1:]
    cost_pct = 100 * np.divide(traded["cost"].to_numpy(), before, out=np.zeros_like(before), where=before > 0)
    month = session_dates(traded, clock).astype("datetime64[M]")
    labels, index = np.unique(month, return_inverse=True)
    return Months(
        month=[str(label) for label in labels],
        turnover=np.bincount(index, weights=traded["turnover"].to_numpy()).tolist(),
        cost_pct=np.bincount(index, weights=cost_pct).tolist(),
    )
