"""Live features equal those of the batch to the bit, whatever history they begin with."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from feature_bars import random_bars
from hydra import compose, initialize_config_dir
from hypothesis import given, settings
from hypothesis import strategies as st
from real_bars import hourly_bars
from test_catalogue import CALENDAR, chosen, flat, names_that_differ

from ploutos.apps.parts import build
from ploutos.features.feature_columns import FeatureColumns
from ploutos.features.live import SPARE, LiveFeatures
from ploutos.features.selection import Selection
from ploutos.types import ConfigError, DataError

CONF = Path(__file__).parents[2] / "conf"
PRESETS = sorted(file.stem for file in (CONF / "features").glob("*.yaml"))
BARS = ("open", "high", "low", "close", "volume")


def require_equal(
    features: FeatureColumns,
    frame: pl.DataFrame,
    history: pl.DataFrame,
    first: object,
    signals: tuple[str, ...] = (),
) -> LiveFeatures:
    """Take in `history`, then the bars of `frame` from `first` on one by one, and compare with the batch."""
    tickers, names = tuple(sorted(frame["ticker"].unique())), features.names(signals)
    batch = features.compute(frame, signals)
    live = LiveFeatures(features=features, tickers=tickers, signals=signals)
    live.catch_up(history)
    for (time,), bars in frame.filter(pl.col("ts") >= first).sort("ts").group_by("ts", maintain_order=True):
        known = np.isin(tickers, bars["ticker"])
        numbers = np.full((len(tickers), 5 + len(signals)), np.nan)
        numbers[known] = bars.sort("ticker").select(*BARS, *signals)
        before = live.values.copy()
        now = live.update(round(time.timestamp() * 1e6), numbers, known)
        expected = batch.filter(pl.col("ts") == time).sort("ticker").select(names).to_numpy()
        assert names_that_differ(now[known], expected, names) == [], time
        assert now[~known].tobytes() == before[~known].tobytes()
    return live


def with_gaps(rng: np.random.Generator, rows: int) -> pl.DataFrame:
    """Return bars of five tickers; T1 trades in two hours of five, so its windows reach far back."""
    frame = random_bars(rng, tickers=5, rows=rows, gaps=0.1)
    return frame.filter((pl.col("ticker") != "T1") | pl.Series(rng.random(len(frame)) < 0.4))


@pytest.mark.parametrize("preset", PRESETS)
def test_every_shipped_set_from_its_history(preset: str) -> None:
    """The state moves back several times: more updates than there are spare rows."""
    with initialize_config_dir(str(CONF)):
        features = build(compose("train", [f"features={preset}"]).features)
    frame = with_gaps(np.random.default_rng(1), 3 * features.memory_bars + 3 * SPARE + 60)
    cut = sorted(frame["ts"].unique())[-3 * SPARE]
    history = features.history(frame.filter(pl.col("ts") < cut))
    assert len(history) < len(frame)
    require_equal(features, frame, history, cut, ("alpha",))


def test_all_families_with_signals_from_their_history() -> None:
    features, frame = chosen(), with_gaps(np.random.default_rng(11), 3300)
    cut = sorted(frame["ts"].unique())[-100]
    require_equal(features, frame, features.history(frame.filter(pl.col("ts") < cut)), cut, ("alpha",))


def test_the_last_rows_of_each_ticker_are_enough_where_none_are_compared() -> None:
    features = chosen("returns", "volatility", "trend", "reversion", "volume", "levels", "calendar")
    frame = with_gaps(np.random.default_rng(12), 2900)
    before = frame.filter(pl.col("ts") < sorted(frame["ts"].unique())[-50])
    rows = before.group_by("ticker", maintain_order=True).tail(features.memory_bars + 1)
    assert features.history(before).equals(rows)
    require_equal(features, frame, rows, sorted(frame["ts"].unique())[-50])


def test_from_the_first_bar_on() -> None:
    frame = with_gaps(np.random.default_rng(13), 200)
    live = require_equal(chosen(), frame, frame.clear(), frame["ts"].min())
    assert np.isfinite(live.values).any()


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0.4, 0.95))
def test_a_history_gives_the_bits_of_the_whole(seed: int, share: float) -> None:
    """For all declared features: earlier rows than those of `history` never change a bit of the last ones."""
    features, rng = chosen(), np.random.default_rng(seed)
    frame = with_gaps(rng, 3400)
    times = sorted(frame["ts"].unique())
    frame = frame.filter(pl.col("ts") <= times[int((0.9 + share / 10) * (len(times) - 1))])
    part = features.history(frame)
    wild = pl.col(*BARS) * pl.Series(rng.uniform(0.5, 2.0, len(frame)))
    early = frame.filter(pl.col("ts") < part["ts"].min()).height
    assert early > 0
    spoiled = frame.with_columns(pl.when(pl.col("ts") < part["ts"].min()).then(wild).otherwise(pl.col(*BARS)))
    found = [
        features.compute(bars, ()).group_by("ticker", maintain_order=True).tail(1) for bars in (spoiled, part)
    ]
    names = features.names(())
    whole, short = (table.select(names).to_numpy() for table in found)
    assert names_that_differ(whole, short, names) == []


@pytest.mark.real_data
def test_real_bars(real_data: Path) -> None:
    frame = hourly_bars(real_data).filter(pl.col("ts").dt.year() >= 2025)
    features = chosen()
    cut = sorted(frame["ts"].unique())[-150]
    require_equal(features, frame, features.history(frame.filter(pl.col("ts") < cut)), cut)


def test_what_is_out_of_order_is_refused() -> None:
    live = LiveFeatures(features=chosen("returns"), tickers=("A",), signals=())
    live.catch_up(flat(3))
    with pytest.raises(DataError, match="times must increase"):
        live.catch_up(flat(3))
    with pytest.raises(DataError, match="shape"):
        live.update(2**60, np.ones((1, 4)), np.ones(1, np.bool_))
    with pytest.raises(ConfigError, match="unknown value 'B'"):
        live.catch_up(flat(3).with_columns(ticker=pl.lit("B")))
    with pytest.raises(DataError, match="sorted"):
        LiveFeatures(features=chosen("returns"), tickers=("B", "A"), signals=())


def test_times_between_the_steps_of_a_day() -> None:
    """Closes at odd seconds, and a step at a time: the clock's columns equal the batch's."""
    features = Selection(calendar=CALENDAR, groups=["calendar"], include=[], exclude=[])
    frame = flat(40).with_columns(
        pl.col("ts") + pl.duration(microseconds=pl.int_range(pl.len()) % 3 * 61_000_003)
    )
    require_equal(features, frame, frame.clear(), frame["ts"].min())
