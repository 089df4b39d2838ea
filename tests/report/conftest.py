"""Made-up studies with positions, of any size and state."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ploutos.types import Child, Fold, Study, Track, Window
from ploutos.types.session import SessionClock

CAPITAL = 100_000.0
NAMES = {"equal_weight": 0.3, "buy_and_hold": 0.2}


def axis(years):
    """Return a starting bar, then three bars a weekday over the first ten weeks of each year."""
    days = [date(2021 + year, 1, 1) + timedelta(day) for year in range(years) for day in range(70)]
    days = [day for day in days if day.weekday() < 5]
    stamps = [
        datetime(day.year, day.month, day.day, hour, tzinfo=UTC) for day in days for hour in (15, 18, 21)
    ]
    return [datetime(2020, 12, 31, 21, tzinfo=UTC), *stamps]


def track_of(ts, tickers, rng, *, invested):
    size, count = len(ts), len(tickers)
    fold = np.maximum(0, np.array([t.year for t in ts]) - 2021).astype(np.int32)
    weight = np.full((size, count), invested / max(count, 1))
    weight[0] = 0.0
    returns = rng.normal(0.0002, 0.004, size) * invested
    equity = CAPITAL * np.cumprod(1 + np.r_[0.0, returns[1:]])
    turnover = np.r_[0.0, rng.random(size - 1)] * invested
    time = pl.Series("ts", ts, dtype=pl.Datetime("us", "UTC"))
    bars = pl.DataFrame(
        {
            "ts": time,
            "fold": fold,
            "equity": equity,
            "cash": equity * (1 - invested),
            "cost": turnover * equity * 5e-4,
            "turnover": turnover,
            "gross": weight.sum(axis=1),
        }
    )
    positions = pl.DataFrame(
        {
            "ts": time.gather(np.repeat(np.arange(size), count)),
            "fold": np.repeat(fold, count),
            "ticker": np.tile(np.array(tickers, dtype=str), size) if count else np.array([], dtype=str),
            "weight": weight.ravel(),
        }
    )
    return Track(bars=bars, positions=positions)


@pytest.fixture
def make_study():
    """Return a builder of complete studies; `names` are the baselines'."""

    def build(
        *, years=3, tickers=("AAPL", "MSFT"), names=tuple(NAMES), invested=0.8, name="demo", children=None
    ):
        rng, ts = np.random.default_rng(0), axis(years)
        ends = [datetime(2021 + year, 1, 1, tzinfo=UTC) for year in range(years + 1)]
        folds = tuple(
            Fold(
                i,
                Window(datetime(2015, 1, 1, tzinfo=UTC), end),
                Window(end, end),
                Window(end, ends[i + 1]),
                6,
            )
            for i, end in enumerate(ends[:-1])
        )
        runs = tuple(
            Child(fold=f, seed=s, run_id=f"run{f}{s}", state="FINISHED", metrics={"test_sharpe": 1.25})
            for f in range(years)
            for s in range(3)
        )
        return Study(
            name=name,
            track=track_of(ts, tickers, rng, invested=invested),
            baselines={each: track_of(ts, tickers, rng, invested=invested) for each in names},
            folds=folds,
            children=runs if children is None else children,
            sessions_per_year=252.0,
            clock=SessionClock("America/New_York"),
        )

    return build
