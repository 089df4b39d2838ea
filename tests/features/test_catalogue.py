"""Every declared feature: warm-up, memory, causality to the bit, scaling, degenerate bars."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import polars as pl
import pytest
from feature_bars import random_bars

from ploutos.data.calendars.weekdays import Weekdays
from ploutos.features.catalogue import FAMILIES, named_features, shipped_names
from ploutos.features.engine import operations as ops
from ploutos.features.engine import window
from ploutos.features.engine.column import CLOSE, Column, change, lag, operation
from ploutos.features.families.base import LOG_CLOSE
from ploutos.features.feature import Family
from ploutos.features.feature_columns import FeatureColumns
from ploutos.features.selection import Selection
from ploutos.types import ConfigError

CALENDAR = Weekdays(timezone="America/New_York", session_open="09:30", session_close="16:00")
ALONE = [name for name in FAMILIES if name not in ("cross_section", "market")]


@cache
def chosen(*groups: str) -> Selection:
    return Selection(calendar=CALENDAR, groups=list(groups or FAMILIES), include=[], exclude=[])


def table(features: Selection, frame: pl.DataFrame, signals: tuple[str, ...] = ()) -> np.ndarray:
    return features.compute(frame, signals).select(features.names(signals)).to_numpy()


def names_that_differ(a: np.ndarray, b: np.ndarray, names: tuple[str, ...]) -> list[str]:
    return [name for k, name in enumerate(names) if a[:, k].tobytes() != b[:, k].tobytes()]


def test_there_are_enough_of_them() -> None:
    assert len(chosen(*ALONE).names(())) >= 80
    for family in FAMILIES.values():
        for declaration in family.declarations:
            assert declaration.formula and declaration.unit and declaration.build.__doc__, declaration.pattern
            for windows in declaration.shipped:
                assert declaration.windows(declaration.name(windows)) == windows
                (feature,) = named_features([declaration.name(windows)], "features.include")
                assert feature.family == family.name, feature.name


def test_each_declared_warm_up_is_exact() -> None:
    features = chosen()
    frame = random_bars(np.random.default_rng(2), tickers=3, rows=200, gaps=0.0)
    for (ticker,), part in features.compute(frame, ()).group_by("ticker"):
        for feature in features.features:
            known = part[feature.name].is_not_nan().to_numpy()
            assert known.argmax() == feature.warmup and known[feature.warmup :].all(), (ticker, feature.name)


def test_each_declared_memory_is_exact() -> None:
    """A slice of the history gives the bits of the whole from `memory` rows on, a wild tick before it."""
    features = chosen()
    frame = random_bars(np.random.default_rng(4), tickers=3, rows=1300, gaps=0.0)
    prices, row = pl.col("open", "high", "low", "close"), pl.col("ts").rank("dense") - 1
    cut = 60
    spiked = frame.with_columns(pl.when(row == cut - 1).then(prices * 100.0).otherwise(prices))
    whole = features.compute(spiked, ()).filter(row >= cut)
    part = features.compute(frame.filter(row >= cut), ())
    age = (part["ts"].rank("dense") - 1).to_numpy()
    for feature in features.features:
        a, b = whole[feature.name].to_numpy(), part[feature.name].to_numpy()
        later = age >= feature.memory + features.reads_market * (feature.family == "market")
        assert a[later].tobytes() == b[later].tobytes(), feature.name
        assert isinstance(feature.value, Column) or feature.memory == 0


@pytest.mark.parametrize("damage", ["truncate", "nan", "scale", "shuffle"])
def test_the_future_never_changes_a_bit(damage: str) -> None:
    features = chosen()
    frame = random_bars(np.random.default_rng(3), tickers=4, rows=260)
    past = pl.col("ts") <= datetime(2024, 2, 1, 10, tzinfo=UTC) + timedelta(hours=200)
    numbers = pl.col("open", "high", "low", "close", "volume")
    changed = {
        "truncate": lambda: frame.filter(past),
        "nan": lambda: frame.with_columns(pl.when(past).then(numbers).otherwise(float("nan"))),
        "scale": lambda: frame.with_columns(pl.when(past).then(numbers).otherwise(numbers * 100.0)),
        "shuffle": lambda: frame.with_columns(pl.when(past).then(numbers).otherwise(numbers.shuffle(seed=7))),
    }[damage]()
    before = table(features, frame)[frame.select(past).to_series().to_numpy()]
    after = table(features, changed)[changed.select(past).to_series().to_numpy()]
    assert names_that_differ(before, after, features.names(())) == []


@pytest.mark.parametrize(("prices", "volumes"), [(10.0, 1.0), (1.0, 7.0), (0.01, 100.0)])
def test_levels_of_prices_and_volumes_do_not_show(prices: float, volumes: float) -> None:
    """Scaling one ticker moves no feature of any ticker by more than rounding."""
    features = chosen()
    frame = random_bars(np.random.default_rng(6), rows=400).with_columns(
        pl.col("open", "high", "low", "close").round(2), pl.col("volume").round(0)
    )
    one = pl.col("ticker") == "T1"
    scaled = frame.with_columns(
        pl.when(one)
        .then(pl.col("open", "high", "low", "close") * prices)
        .otherwise(pl.col("open", "high", "low", "close")),
        pl.when(one).then(pl.col("volume") * volumes).otherwise("volume").alias("volume"),
    )
    before, after = table(features, frame), table(features, scaled)
    for k, name in enumerate(features.names(())):
        np.testing.assert_allclose(after[:, k], before[:, k], rtol=2e-5, atol=2e-6, err_msg=name)


def flat(rows: int) -> pl.DataFrame:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    return pl.DataFrame(
        {"ts": [start + timedelta(hours=i) for i in range(rows)], "ticker": ["A"] * rows},
        schema_overrides={"ts": pl.Datetime("us", "UTC")},
    ).with_columns(open=pl.lit(0.1), high=pl.lit(0.1), low=pl.lit(0.1), close=pl.lit(0.1), volume=pl.lit(0.0))


def test_flat_prices_without_volume() -> None:
    features = chosen(*[name for name in FAMILIES if name != "calendar"])
    found = table(features, flat(300))[features.warmup_bars :]
    middle = {"bollinger_percent_20": 0.5, "aroon_up_30": 1.0, "aroon_down_30": 1.0}
    for k, name in enumerate(features.names(())):
        np.testing.assert_allclose(found[:, k], middle.get(name, 0.0), atol=1e-7, err_msg=name)


def test_no_volume_at_all_is_always_finite() -> None:
    features = chosen()
    frame = random_bars(np.random.default_rng(8), tickers=3, rows=200, gaps=0.0).with_columns(
        volume=pl.lit(0.0)
    )
    late = frame.filter(pl.col("ts").rank("dense") > features.warmup_bars + 1)["ts"].min()
    found = features.compute(frame, ()).filter((pl.col("ts") >= late) & (pl.col("ticker") == "T0"))
    assert np.isfinite(found.select(features.names(())).to_numpy()).all()


def test_a_wrong_tick_leaves_no_trace() -> None:
    features = chosen(*ALONE)
    frame = random_bars(np.random.default_rng(9), tickers=1, rows=900, gaps=0.0)
    row = pl.int_range(pl.len())
    wrong = frame.with_columns(high=pl.when(row == 200).then(pl.col("high") * 100.0).otherwise("high"))
    right, found = table(features, frame), table(features, wrong)
    assert np.isfinite(found[features.warmup_bars :]).all()
    for k, feature in enumerate(features.features):
        assert right[201 + feature.memory :, k].tobytes() == found[201 + feature.memory :, k].tobytes()


def test_groups_names_and_windows() -> None:
    some = Selection(
        calendar=CALENDAR, groups=["ranges", "returns"], include=["rsi_21", "gap_1"], exclude=["return_1"]
    )
    names = [*shipped_names("ranges"), *shipped_names("returns"), "rsi_21"]
    names.remove("return_1")
    assert list(some.names(("alpha",))) == [*names, "alpha"]
    assert some.features[-1].warmup == 21
    same = Selection(calendar=CALENDAR, groups=[], include=names, exclude=[])
    assert same.fingerprint() == some.fingerprint() != chosen("returns").fingerprint()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"groups": ["volatile"]}, "features.groups: unknown value 'volatile'. Nearest: 'volatility'"),
        ({"include": ["rsi14"]}, "features.include: unknown value 'rsi14'. Nearest: 'rsi_14'"),
        ({"include": ["volatility_1"]}, "'volatility_1' has a window of 1; volatility_{n} takes 2 or more"),
        ({"include": ["rsi_0"]}, "'rsi_0' has a window of 0"),
        ({"exclude": ["rsi_14"]}, "features.exclude: unknown value 'rsi_14'"),
        ({"groups": []}, "features.groups, include and exclude leave no feature"),
        ({"groups": ["returns", "returns"]}, "features.groups: 'returns' is named twice"),
        ({"include": ["rsi_21", "rsi_21"]}, "features.include: 'rsi_21' is declared twice"),
    ],
)
def test_bad_choices_are_told_in_one_line(settings: dict, told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Selection(**({"calendar": CALENDAR, "groups": ["returns"], "include": [], "exclude": []} | settings))
    assert told in str(refused.value) and "\n" not in str(refused.value)


MINE = Family("mine", "Features of my own.")


@MINE.feature("turned_{n}", formula="-log(close / close n bars ago)", unit="log return", least=2)
def turned(n: int) -> Column:
    return -change(LOG_CLOSE, n)


def test_a_family_of_ones_own_stands_beside_the_shipped_ones() -> None:
    base = chosen("returns")
    features = FeatureColumns((*base.features, MINE.named("turned_6")), base.clock)
    found = features.compute(random_bars(np.random.default_rng(1), rows=100), ())
    assert features.names(())[-1] == "turned_6" and features.features[-1].warmup == 6
    np.testing.assert_array_equal(found["turned_6"], -found["return_6"])
    with pytest.raises(ConfigError, match="features of mine: unknown value 'turnd_6'"):
        MINE.named("turnd_6")
    with pytest.raises(ConfigError, match="'turned_1' has a window of 1"):
        MINE.named("turned_1")
    with pytest.raises(ConfigError, match="'return_1' is declared twice"):
        FeatureColumns((*base.features, *base.features), base.clock)


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        (lambda: lag(CLOSE, -1), "none may look ahead"),
        (lambda: change(CLOSE, -1), "none may look ahead"),
        (lambda: operation(ops.ADD, [(CLOSE, 1), (CLOSE, 0)]), "none may look ahead"),
        (lambda: window.mean(CLOSE, 0), "a window of 0 rows"),
        (lambda: window.highest(CLOSE, 0), "a window of 0 rows"),
        (lambda: window.slope(CLOSE, 1), "it must have 2 or more"),
        (lambda: window.ema(CLOSE, 0), "a window of 0 rows"),
        (lambda: window.exponential_mean(CLOSE, 1.0, 5), "from 0 to below 1"),
    ],
)
def test_formulas_that_cannot_be_are_refused(formula: Callable[[], Column], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        formula()
