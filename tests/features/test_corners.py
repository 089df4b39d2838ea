"""Where numbers get close: last bits of equal prices, bounds at every scale, windows of one kind of bar."""

import re
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from feature_bars import random_bars
from hypothesis import given, settings
from hypothesis import strategies as st
from test_catalogue import CALENDAR, chosen, flat, table

from ploutos.features.catalogue import FAMILIES
from ploutos.features.selection import Selection

PRICES = ["open", "high", "low", "close"]
FAMILY_NAMES = [name for name in FAMILIES if name != "calendar"]
LEVELS = [1e-8, 3e-5, 0.1, 7.3, 1e4, 123456.789, 1e9]


def last_bits(values: np.ndarray, rng: np.random.Generator, most: int = 2) -> np.ndarray:
    """Return the numbers, each moved by up to `most` of the steps to the next float."""
    return values + rng.integers(-most, most + 1, values.shape) * np.where(
        values == 0, 0.0, np.spacing(values)
    )


def shaken(frame: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Return the bars with other last bits in every price and volume."""
    columns = [*PRICES, "volume"]
    return frame.with_columns(pl.Series(name, last_bits(frame[name].to_numpy(), rng)) for name in columns)


def in_ticks(seed: int, rows: int = 420, tickers: int = 3) -> pl.DataFrame:
    """Return bars in few ticks, so that equal prices are common, and in few lots."""
    frame = random_bars(np.random.default_rng(seed), tickers=tickers, rows=rows)
    return frame.with_columns(
        (pl.col(*PRICES) * 2.0).round(0) / 2.0, (pl.col("volume") / 3e5).floor() * 100.0
    )


@pytest.mark.parametrize("level", LEVELS)
def test_flat_prices_whatever_their_last_bits_do_not_move(level: float) -> None:
    features = chosen(*FAMILY_NAMES)
    rng = np.random.default_rng(int(np.log2(level)) + 100)
    bars = flat(320).with_columns(pl.lit(level).alias(name) for name in PRICES)
    bars = shaken(bars.with_columns(volume=pl.lit(1000.0 / 3.0)), rng)
    found = table(features, bars)[features.warmup_bars :]
    middle = {"bollinger_percent_20": 0.5, "aroon_up_30": 1.0, "aroon_down_30": 1.0}
    for k, name in enumerate(features.names(())):
        np.testing.assert_allclose(found[:, k], middle.get(name, 0.0), atol=1e-7, err_msg=name)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e7])
def test_last_bits_of_moving_prices_do_not_show(seed: int, scale: float) -> None:
    """The same bars with other last bits are the same bars: no sign, position or rank hangs on them."""
    features = chosen(*[name for name in FAMILY_NAMES if name != "cross_section"])
    bars = in_ticks(seed).with_columns(pl.col(*PRICES) * scale)
    plain, moved = table(features, bars), table(features, shaken(bars, np.random.default_rng(seed)))
    for k, name in enumerate(features.names(())):
        np.testing.assert_allclose(moved[:, k], plain[:, k], rtol=2e-5, atol=2e-5, err_msg=name)


def test_ranks_of_tickers_that_stand_still_tie() -> None:
    """Four of five tickers do not move but in last bits: each of them has the middle rank of the four."""
    rng = np.random.default_rng(3)
    frame = pl.concat([flat(200).with_columns(ticker=pl.lit(f"T{n}")) for n in range(5)])
    level = np.repeat([1e-6, 0.3, 7.0, 1e8, 50.0], 200)
    rising = np.where(np.repeat(np.arange(5), 200) == 4, 1.001 ** np.tile(np.arange(200), 5), 1.0)
    frame = frame.with_columns(pl.Series(name, last_bits(level * rising, rng)) for name in PRICES)
    found = chosen("cross_section").compute(frame.with_columns(volume=pl.lit(1.0)), ())
    late = found.filter(pl.col("ts") > found["ts"].unique().sort()[150])
    still = late.filter(pl.col("ticker") != "T4")
    assert still.height == 4 * 49
    for name in ("rank_1", "rank_30"):
        assert still[name].to_list() == pytest.approx([(2.5 - 0.5) / 5 - 0.5] * still.height), name
    assert (late["rank_volatility_30"] == 0.0).all()  # growth that never varies has no volatility either


def test_prices_that_all_grow_alike_have_no_scores_and_no_deviations() -> None:
    """Growth of 1 % a bar: every deviation of returns is rounding, and so is that between the tickers."""
    growth = 1.01 ** np.arange(300)
    levels = {"A": 0.07, "B": 13.0, "C": 4e5}
    frame = pl.concat(
        flat(300).with_columns(
            ticker=pl.lit(ticker), volume=pl.lit(5.0), **{name: pl.Series(level * growth) for name in PRICES}
        )
        for ticker, level in levels.items()
    )
    features = chosen(*FAMILY_NAMES)
    found = features.compute(frame, ()).group_by("ticker").tail(40)
    for name in ("return_strength_30", "reversal_3_30", "volatility_ratio_6_30", "score_return_6", "beta_60"):
        assert (found[name] == 0.0).all(), name
    for name in ("autocorrelation_1_60", "correlation_60", "volatility_30", "volatility_of_volatility_30"):
        assert (found[name] == 0.0).all(), name
    assert found["straightness_30"].to_list() == pytest.approx([1.0] * 120)
    assert found["efficiency_30"].to_list() == pytest.approx([1.0] * 120)


def test_true_ranges_of_last_bits_are_none() -> None:
    """Thirty bars of which six recent ones are flat but for their last bits: log(0 / x) is told as 0."""
    rng = np.random.default_rng(0)
    close = np.append(10.0 * np.exp(np.cumsum(rng.normal(0, 0.01, 60))), np.full(7, 10.1))
    bars = flat(67).with_columns(pl.Series(name, last_bits(close, rng)) for name in PRICES)
    some = Selection(calendar=CALENDAR, groups=[], include=["atr_ratio_6_30", "atr_6"], exclude=[])
    assert some.compute(bars, ())[-1].select("atr_ratio_6_30", "atr_6").row(0) == (0.0, 0.0)


@pytest.mark.parametrize("ago", range(70))
def test_a_jump_does_not_blow_up_the_variance_ratio(ago: int) -> None:
    """Every bar in the long returns is one of those that they are compared with."""
    rng = np.random.default_rng(1)
    returns = rng.normal(0, 0.001, 200)
    returns[-1 - ago] += 0.5
    close = np.exp(np.cumsum(returns))
    bars = flat(200).with_columns(pl.Series(name, close) for name in PRICES)
    some = Selection(calendar=CALENDAR, groups=[], include=["variance_ratio_6_60"], exclude=[])
    found = some.compute(bars, ())["variance_ratio_6_60"][-1]
    long = np.array([returns[200 - a - 6 : 200 - a].sum() for a in range(60)])
    assert found == pytest.approx(long.var() / (6 * returns[-65:].var()), rel=1e-4)
    assert 0.0 < found < 1.5


def test_the_variance_ratio_of_random_walks_is_one() -> None:
    some = Selection(calendar=CALENDAR, groups=[], include=["variance_ratio_4_500"], exclude=[])
    found = []
    for seed in range(20):
        close = np.exp(np.cumsum(np.random.default_rng(seed).normal(0, 0.01, 520)))
        bars = flat(520).with_columns(pl.Series(name, close) for name in PRICES)
        found.append(some.compute(bars, ())["variance_ratio_4_500"][-1])
    assert np.mean(found) == pytest.approx(1.0, abs=0.06)


def bounds() -> dict[str, tuple[float, float]]:
    """Return the bounds that units tell, by feature, such as "-1 to 1" or "log ratio, >= 0"."""
    number, told = r"(-?[\d./]+)", {}
    for family in FAMILIES.values():
        for declaration in family.declarations:
            least, most = -np.inf, np.inf
            span = re.search(rf"{number}(?: \(straight\))? (?:to|or) {number}(?!\w)", declaration.unit)
            if span:
                least, most = (float(Fraction(part)) for part in span.groups())
            elif ">= 0" in declaration.unit:
                least = 0.0
            elif "<= 0" in declaration.unit:
                most = 0.0
            elif ">= -log 2" in declaration.unit:
                least = -np.log(2.0)
            for windows in declaration.shipped:
                told[declaration.name(windows)] = (least, most)
    return told


def wild_bars(seed: int) -> pl.DataFrame:
    """Return bars of all scales, with flat stretches, gaps, jumps, bars without volume and faulty closes."""
    rng = np.random.default_rng(seed)
    frame = random_bars(rng, tickers=5, rows=420, gaps=0.15)
    scale = 10.0 ** rng.uniform(-8, 9, 5)
    jumps = np.where(rng.random(len(frame)) < 0.01, 10.0 ** rng.uniform(-3, 3, len(frame)), 1.0)
    which = frame["ticker"].str.slice(1).cast(pl.Int64).to_numpy()
    calm = rng.random(len(frame)) < 0.3
    prices = (
        frame.select(PRICES).to_numpy() * (scale[which] * np.where(rng.random() < 0.5, jumps, 1.0))[:, None]
    )
    prices[calm] = prices[calm][:, 3:]
    faulty = rng.random(len(frame)) < 0.02
    prices[faulty, 3] *= 1.02
    prices = last_bits(prices, rng)
    return frame.with_columns(
        *(pl.Series(name, prices[:, k]) for k, name in enumerate(PRICES)),
        pl.Series("volume", frame["volume"].to_numpy() * 10.0 ** rng.uniform(-6, 6)),
    )


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_bounds_hold_whatever_the_bars(seed: int) -> None:
    features, told = chosen(), bounds()
    assert sum(np.isfinite(pair).any() for pair in told.values()) > 60
    found = table(features, wild_bars(seed))
    for k, name in enumerate(features.names(())):
        known = found[~np.isnan(found[:, k]), k]
        assert np.isfinite(known).all(), name
        least, most = told[name]
        assert (known >= np.float32(least)).all() and (known <= np.float32(most)).all(), (
            name,
            known.min(),
            known.max(),
        )
