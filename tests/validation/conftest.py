"""A study made of session returns, for checks that read nothing else."""

from datetime import UTC, datetime

import numpy as np
import polars as pl
import pytest

from ploutos.types import Child, Fold, Study, Track, Window
from ploutos.types.session import SessionClock

CAPITAL = 100_000.0


def weekdays(start, count):
    """Return the close (21:00 UTC) of the `count` weekdays from `start`, after a starting bar before it."""
    dates = np.busday_offset(start, np.arange(-1, count), roll="forward")
    return (dates.astype("datetime64[us]") + np.timedelta64(21, "h")).astype("datetime64[us]")


def track_of(returns, start="2021-01-04"):
    size = len(returns) + 1
    bars = pl.DataFrame(
        {
            "ts": pl.Series(weekdays(start, len(returns))).dt.replace_time_zone("UTC"),
            "fold": pl.Series(np.zeros(size, dtype=np.int32)),
            "equity": CAPITAL * np.cumprod(1 + np.concatenate([[0.0], returns])),
            **{name: np.zeros(size) for name in ("cash", "cost", "turnover", "gross")},
        }
    )
    return Track(bars=bars, positions=pl.DataFrame())


@pytest.fixture
def make_study():
    """Return a builder: session returns of the strategy and of each baseline in, a complete study out."""

    def build(returns, *, baselines=None, replay=None, children=None, start="2021-01-04"):
        window = Window(datetime(2021, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))
        return Study(
            name="made up",
            track=track_of(returns, start),
            baselines={name: track_of(series, start) for name, series in (baselines or {}).items()},
            folds=(Fold(0, window, window, window, 0),),
            children=children or (Child(fold=0, seed=0, run_id="r", state="FINISHED"),),
            sessions_per_year=261.0,
            clock=SessionClock("America/New_York"),
            replay=replay,
        )

    return build
