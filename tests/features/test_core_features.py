"""Core features: values, causality to the bit, history, degenerate input."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from feature_bars import random_bars
from hydra import compose, initialize_config_dir
from hydra.utils import execution_whitelist, instantiate
from omegaconf import OmegaConf
from pydantic import ValidationError
from slow_features import slow_core

from ploutos.data.calendars.weekdays import Weekdays
from ploutos.features.core import Core
from ploutos.types import ConfigError, DataError

ZONE = "America/New_York"
CONF = Path(__file__).parents[2] / "conf"
CALENDAR = Weekdays(timezone=ZONE, session_open="09:30", session_close="16:00")


def shipped(**changes: Any) -> dict[str, Any]:
    values = OmegaConf.to_container(OmegaConf.load(CONF / "features" / "core.yaml"), resolve=False)
    assert values.pop("_target_") == "ploutos.features.core.Core"
    assert values.pop("_convert_") == "all"
    assert values.pop("calendar") == "${data.calendar}"
    return values | {"calendar": CALENDAR} | changes


SMALL = shipped(
    return_bars=[1, 2, 5],
    momentum_bars=20,
    volatility_bars=[3, 7, 16],
    downside_bars=9,
    trend_bars=[2, 5, 13],
    choppiness_bars=8,
    oscillator_bars=6,
    band_bars=5,
    volume_fast_bars=3,
    volume_slow_bars=10,
    atr_bars=7,
    extreme_bars=18,
    rank_bars=[2, 12],
)


def values(core: Core, frame: pl.DataFrame) -> np.ndarray:
    return core.compute(frame, ("alpha",)).select(core.names(("alpha",))).to_numpy()


@pytest.mark.parametrize("settings", [SMALL, shipped()], ids=["small", "shipped"])
def test_every_feature_equals_its_slow_definition(settings: dict[str, Any]) -> None:
    frame = random_bars(np.random.default_rng(1), tickers=3, rows=220)
    core = Core(**settings)
    computed, expected = core.compute(frame, ("alpha",)), slow_core(frame, ZONE, settings)
    assert set(core.names(())) == set(expected)
    assert computed.columns == ["ts", "ticker", *core.names(()), "alpha"]
    assert computed.select("ts", "ticker").equals(frame.select("ts", "ticker"))
    for name in core.names(()):
        assert computed[name].dtype == pl.Float32
        slow = np.array(expected[name])
        # A deviation taken as E[x^2] - E[x]^2 keeps half the digits of a double when it is tiny.
        np.testing.assert_allclose(computed[name].to_numpy(), slow, rtol=3e-6, atol=3e-7, err_msg=name)


def test_each_declared_history_is_exact() -> None:
    core = Core(**SMALL)
    frame = random_bars(np.random.default_rng(2), tickers=3, rows=100, gaps=0.0)
    computed = core.compute(frame, ())
    for _, part in computed.group_by("ticker"):
        for feature in core.features:
            known = part[feature.name].is_not_nan().to_numpy()
            assert known.argmax() == feature.warmup, feature.name
            assert known[feature.warmup :].all(), feature.name
    assert core.warmup_bars == 20


@pytest.mark.parametrize("damage", ["truncate", "nan", "null", "scale", "shuffle", "huge"])
def test_the_future_never_changes_a_bit(damage: str) -> None:
    core, rng = Core(**SMALL), np.random.default_rng(3)
    frame = random_bars(rng, tickers=4, rows=150)
    cut = datetime(2024, 2, 1, 10, tzinfo=UTC) + timedelta(hours=77)
    past = pl.col("ts") <= cut
    numbers = pl.col("open", "high", "low", "close", "volume", "alpha")
    changed = {
        "truncate": lambda: frame.filter(past),
        "nan": lambda: frame.with_columns(pl.when(past).then(numbers).otherwise(float("nan"))),
        "null": lambda: frame.with_columns(pl.when(past).then(numbers).otherwise(None)),
        "scale": lambda: frame.with_columns(pl.when(past).then(numbers).otherwise(numbers * 100.0)),
        "huge": lambda: frame.with_columns(pl.when(past).then(numbers).otherwise(1e300)),
        "shuffle": lambda: frame.with_columns(
            pl.when(past).then(numbers).otherwise(numbers.shuffle(seed=7)),
        ),
    }[damage]()
    before = values(core, frame)[frame.select(past).to_series().to_numpy()]
    after = values(core, changed)[changed.select(past).to_series().to_numpy()]
    assert before.tobytes() == after.tobytes()


def test_a_slice_with_warm_up_gives_the_same_bits() -> None:
    core = Core(**SMALL)
    frame = random_bars(np.random.default_rng(4), tickers=3, rows=150, gaps=0.0)
    frame = frame.with_columns(close=pl.when(pl.col("ts").rank("dense") == 30).then(1e4).otherwise("close"))
    row = pl.col("ts").rank("dense") - 1
    whole = core.compute(frame, ("alpha",)).filter(row >= 100)
    part = core.compute(frame.filter(row >= 100 - core.warmup_bars), ("alpha",)).filter(
        row >= core.warmup_bars
    )
    assert values_of(whole) == values_of(part)


def values_of(frame: pl.DataFrame) -> bytes:
    return frame.select(pl.exclude("ts", "ticker")).to_numpy().tobytes()


def test_other_tickers_touch_only_the_ranks() -> None:
    core = Core(**SMALL)
    frame = random_bars(np.random.default_rng(5))
    alone = core.compute(frame.filter(pl.col("ticker") == "T1"), ("alpha",))
    among = core.compute(frame, ("alpha",)).filter(pl.col("ticker") == "T1")
    own = [name for name in core.names(("alpha",)) if not name.startswith("rank_")]
    assert alone.select(own).to_numpy().tobytes() == among.select(own).to_numpy().tobytes()
    assert alone["rank_2"].drop_nans().unique().to_list() == [0.0]


def test_frozen_prices_without_volume_give_zeros() -> None:
    core = Core(**SMALL)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    frame = pl.DataFrame(
        {"ts": [start + timedelta(hours=i) for i in range(60)], "ticker": ["A"] * 60},
        schema_overrides={"ts": pl.Datetime("us", "UTC")},
    ).with_columns(open=pl.lit(0.1), high=pl.lit(0.1), low=pl.lit(0.1), close=pl.lit(0.1), volume=pl.lit(0.0))
    computed = core.compute(frame, ())[core.warmup_bars :]
    clock = ("time_of_day_sin", "time_of_day_cos", "weekday_sin", "weekday_cos")
    market = computed.select(pl.exclude("ts", "ticker", *clock)).to_numpy()
    assert np.isfinite(market).all()
    np.testing.assert_allclose(market, 0.0, atol=1e-7)


def test_rescaling_a_history_changes_no_feature() -> None:
    """A split adjusts all earlier prices by one factor and volumes by its inverse."""
    core = Core(**SMALL)
    frame = random_bars(np.random.default_rng(6))
    adjusted = frame.with_columns(pl.col("open", "high", "low", "close") / 8.0, volume=pl.col("volume") * 8.0)
    np.testing.assert_allclose(values(core, adjusted), values(core, frame), rtol=1e-5, atol=1e-6)


@pytest.mark.real_data
def test_real_hourly_bars(real_data: Path) -> None:
    settings, zone = shipped(), ZONE
    raw = pl.scan_parquet(real_data / "ploutos_us_hourly_2020_2026_UTC.parquet")
    names = {name: name.lower() for name in raw.collect_schema().names()}
    raw = raw.rename(names).collect()
    time = next(name for name in raw.columns if raw[name].dtype.is_temporal())
    symbol = next(name for name in ("ticker", "symbol") if name in raw.columns)
    frame = (
        raw.rename({time: "ts", symbol: "ticker"})
        .with_columns(pl.col("ts").cast(pl.Datetime("us", "UTC")) + pl.duration(hours=1))
        .filter(pl.col("ts").dt.convert_time_zone(zone).dt.hour().is_between(11, 16))
        .select(
            "ts", "ticker", *(pl.col(c).cast(pl.Float64) for c in ("open", "high", "low", "close", "volume"))
        )
        .sort("ticker", "ts")
    )
    core = Core(**settings)
    computed = core.compute(frame, ())
    assert computed["ticker"].n_unique() == 15
    age = pl.int_range(pl.len()).over("ticker")
    known = computed.filter(age >= core.warmup_bars).select(core.names(())).to_numpy()
    assert np.isfinite(known).all()
    two = (
        frame.filter(pl.col("ticker").is_in(["AAPL", "SPY"]))
        .group_by("ticker", maintain_order=True)
        .head(260)
    )
    expected = slow_core(two, zone, settings)
    computed = core.compute(two, ())
    for name in core.names(()):
        np.testing.assert_allclose(computed[name], expected[name], rtol=1e-5, atol=1e-6, err_msg=name)


def test_bad_settings_and_bars_are_refused() -> None:
    with pytest.raises(ConfigError, match="'return_3' is declared twice"):
        Core(**shipped(return_bars=[3, 3]))
    with pytest.raises(ValidationError):
        Core(**shipped(momentum_bars=0))
    with pytest.raises(ValidationError):
        Core(**shipped(windows=[1]))
    with pytest.raises(ConfigError, match="'gap_1' is already the name of a feature"):
        Core(**shipped()).names(("gap_1",))
    frame = random_bars(np.random.default_rng(7), rows=90)
    for wrong in (frame.reverse(), pl.concat([frame[:1], frame]), frame.sort("ts")):
        with pytest.raises(DataError, match="out of order"):
            Core(**shipped()).compute(wrong, ())


def test_shipped_config() -> None:
    with initialize_config_dir(str(CONF)), execution_whitelist("ploutos.*"):
        core = instantiate(compose("train").features)
    assert core.fingerprint() == Core(**shipped()).fingerprint()
    assert core.warmup_bars == 120
    assert "momentum_120" in core.names(())


def test_fingerprint_tells_settings_apart() -> None:
    first, same, other = Core(**SMALL), Core(**SMALL), Core(**(SMALL | {"atr_bars": 8}))
    assert first.fingerprint() == same.fingerprint() != other.fingerprint()
