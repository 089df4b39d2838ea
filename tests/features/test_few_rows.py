"""Tickers with no, one or a few rows; unknown numbers; prices and volumes at their limits."""

import numpy as np
import polars as pl
import pytest
from feature_bars import random_bars
from test_catalogue import ALONE, chosen, names_that_differ, table

from ploutos.features.engine import runner
from ploutos.features.live import LiveFeatures
from ploutos.panel.blocks import feature_array, in_memory
from ploutos.types import Bars

NUMBERS = ("open", "high", "low", "close", "volume")


def test_no_rows() -> None:
    features = chosen()
    empty = random_bars(np.random.default_rng(0), tickers=1, rows=90).clear()
    found = features.compute(empty, ("alpha",))
    assert found.shape == (0, 2 + len(features.names(("alpha",))))
    assert found.columns == ["ts", "ticker", *features.names(("alpha",))]
    assert features.history(empty).is_empty()
    live = LiveFeatures(features=features, tickers=("A",), signals=())
    live.catch_up(empty)
    assert np.isnan(live.values).all()


def test_a_ticker_with_one_row_shows_what_one_row_tells_and_changes_no_other() -> None:
    features, alone = chosen(), chosen(*ALONE)
    frame = random_bars(np.random.default_rng(1), tickers=3, rows=400)
    one = frame.filter(ticker="T1")[200:201].with_columns(ticker=pl.lit("T11"))
    both = pl.concat([frame, one]).sort("ticker", "ts")
    found = features.compute(both, ()).filter(ticker="T11")
    known = {f.name for f in features.features if f.warmup == 0}
    assert {"range_1", "close_location_1", "intrabar_1", "month_turn"} <= known
    for name in features.names(()):
        assert np.isfinite(found[name][0]) == (name in known), name
    other = table(alone, both)[(both["ticker"] != "T11").to_numpy()]
    assert names_that_differ(table(alone, frame), other, alone.names(())) == []


@pytest.mark.parametrize("rows", [1, 2, 3, 130])
def test_the_panel_shows_what_compute_does(rows: int) -> None:
    """Both ways to run a set: into the panel's array, and as a table; a ticker alone is its own market."""
    features = chosen()
    frame = random_bars(np.random.default_rng(2), tickers=3, rows=200, gaps=0.0)
    frame = pl.concat([frame.filter(ticker="T0").tail(rows), frame.filter(ticker="T2").tail(1)])
    ts, tickers = np.unique(frame["ts"].dt.timestamp("us").to_numpy()), ("T0", "T2")
    ended = np.full(2, -1, np.int32)
    values, known = feature_array(features, Bars(frame=frame), ts, tickers, ended, in_memory)
    expected = features.compute(frame, ()).filter(ticker="T0").select(features.names(())).to_numpy()
    assert names_that_differ(values[-rows:, 0], expected, features.names(())) == []
    assert (known == np.isfinite(values).all(axis=2)).all()


@pytest.mark.parametrize("column", NUMBERS)
def test_an_unknown_number_is_forgotten_and_never_spreads(column: str) -> None:
    """NaN while the bar lies in the memory of what reads it; other tickers' own features do not notice."""
    features = chosen(*ALONE)
    frame = random_bars(np.random.default_rng(3), tickers=2, rows=1500, gaps=0.0).filter(ticker="T1")
    hole = frame.with_columns(
        pl.when(pl.int_range(pl.len()) == 300).then(None).otherwise(column).alias(column)
    )
    right, found = table(features, frame), table(features, hole)
    missing = np.isnan(found) & ~np.isnan(right)
    assert missing.any()
    for k, feature in enumerate(features.features):
        bad = np.flatnonzero(missing[:, k])
        assert ((bad >= 300) & (bad <= 300 + feature.memory)).all(), feature.name
        after = slice(301 + feature.memory, None)
        assert right[after, k].tobytes() == found[after, k].tobytes(), feature.name
        assert right[:300, k].tobytes() == found[:300, k].tobytes(), feature.name


@pytest.mark.parametrize(("price", "volume"), [(1e-6, 1.0), (1e7, 1e13), (50.0, 1e-3)])
def test_extreme_levels_stay_finite(price: float, volume: float) -> None:
    features = chosen()
    frame = random_bars(np.random.default_rng(4), tickers=3, rows=1400, gaps=0.0).with_columns(
        pl.col("open", "high", "low", "close") * (price / 50.0), pl.col("volume") * (volume / 1e6)
    )
    late = frame["ts"].unique().sort()[features.warmup_bars + 40]
    found = features.compute(frame.filter(ticker="T1"), ()).filter(pl.col("ts") >= late)
    assert np.isfinite(found.select(features.names(())).to_numpy()).all()


def test_no_feature_is_ever_infinite() -> None:
    """Flat stretches, bars without volume, wild ticks both ways."""
    features, rng = chosen(), np.random.default_rng(5)
    frame = random_bars(rng, tickers=5, rows=800)
    wild = pl.Series(np.where(rng.random(len(frame)) < 0.01, rng.choice([0.01, 100.0], len(frame)), 1.0))
    ticks = frame.with_columns(pl.col("open", "high", "low", "close") * wild)
    few_trades = frame.with_columns((pl.col("volume") / 9e5).floor())
    for bars in (ticks, ticks.with_columns(volume=pl.lit(0.0)), few_trades):
        assert not np.isinf(table(features, bars)).any()


@pytest.mark.parametrize("chunk", [1, 5, 64, 300])
def test_how_many_rows_are_computed_at_a_time_does_not_show(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = chosen()
    frame = random_bars(np.random.default_rng(6), tickers=3, rows=1200)
    whole = table(features, frame)
    monkeypatch.setattr(runner, "CHUNK", chunk)
    assert names_that_differ(table(features, frame), whole, features.names(())) == []
