"""Windows and columns across tickers against slow definitions, to the bit wherever they must agree."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ploutos.features.engine import window
from ploutos.features.engine.across import NEUTRAL, RANK, SCORE, across
from ploutos.features.engine.column import CLOSE, VOLUME, Column
from ploutos.features.engine.program import compile_columns
from ploutos.features.engine.runner import Plan, Runner

SUMS = {"total": np.sum, "mean": np.mean, "highest": np.max, "lowest": np.min, "deviation": np.std}


def values(columns: list[Column], close: np.ndarray, volume: np.ndarray | None = None) -> np.ndarray:
    """Return columns [R, F] of one ticker's closes and volumes."""
    plan = Plan(compile_columns(columns), np.arange(len(columns)), np.empty(0, np.int64))
    bars = np.ones((6, len(close)))
    bars[3], bars[4] = close, close if volume is None else volume
    out = np.empty((len(close), len(columns)), np.float32)
    rows = np.arange(len(close))
    Runner(plan).ticker(bars, np.empty((len(close), 0), np.float32), rows, rows, out)
    return out


def windows_of(x: np.ndarray, bars: int, slow: object) -> np.ndarray:
    return np.array([slow(x[i - bars + 1 : i + 1]) if i >= bars - 1 else np.nan for i in range(len(x))])


@settings(max_examples=60, deadline=None)
@given(
    x=hnp.arrays(np.float64, st.integers(1, 70), elements=st.integers(-1000, 1000).map(lambda k: k / 7)),
    gap=st.none() | st.integers(0, 69),
    bars=st.integers(1, 40),
)
def test_windows_against_slices(x: np.ndarray, gap: int | None, bars: int) -> None:
    if gap is not None and gap < len(x):
        x[gap] = np.nan
    found = values([getattr(window, name)(CLOSE, bars) for name in SUMS], x)
    for k, (name, slow) in enumerate(SUMS.items()):
        expected = windows_of(x, bars, slow).astype(np.float32)
        np.testing.assert_allclose(found[:, k], expected, rtol=2e-6, atol=1e-5, err_msg=name)
    if bars > 1:
        spread = values([window.absolute_deviation(CLOSE, bars)], x)[:, 0]
        expected = windows_of(x, bars, lambda w: np.abs(w - w.mean()).mean())
        np.testing.assert_allclose(spread, expected, rtol=2e-6, atol=1e-5)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000), bars=st.integers(2, 40))
def test_windows_of_two_columns_against_slices(seed: int, bars: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, 70))
    both = (window.deviation(CLOSE, bars), window.deviation(VOLUME, bars))
    columns = [window.correlation(CLOSE, VOLUME, bars, deviations=both), window.slope(CLOSE, bars)]
    found = values(columns, x, y)
    at, time = np.arange(70), np.arange(bars)
    correlation = windows_of(at, bars, lambda w: np.corrcoef(x[w], y[w])[0, 1])
    slope = windows_of(x, bars, lambda w: np.polyfit(time, w, 1)[0])
    np.testing.assert_allclose(found, np.stack([correlation, slope], axis=1), rtol=1e-5, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(x=hnp.arrays(np.float64, 60, elements=st.integers(0, 5).map(float)), bars=st.integers(1, 30))
def test_the_latest_of_equal_extremes_counts(x: np.ndarray, bars: int) -> None:
    found = values([window.rows_since_highest(CLOSE, bars)], x)[:, 0]
    np.testing.assert_array_equal(found, windows_of(x, bars, lambda w: np.argmax(w[::-1])))


@pytest.mark.parametrize("bars", [1, 2, 9, 26, 60])
def test_exponential_averages_against_weights(bars: int) -> None:
    x = np.random.default_rng(bars).normal(size=700)
    found = values([window.ema(CLOSE, bars), window.wilder(CLOSE, bars)], x)
    for k, keep in enumerate((1 - 2 / (bars + 1), 1 - 1 / bars)):
        weights = keep ** np.arange(700.0)
        slow = [np.average(x[: i + 1][::-1], weights=weights[: i + 1]) for i in range(700)]
        np.testing.assert_allclose(found[bars - 1 :, k], slow[bars - 1 :], atol=3e-7)
        assert np.isnan(found[: bars - 1, k]).all()


@pytest.mark.parametrize("start", [1, 77, 530])
def test_equal_memory_gives_equal_bits(start: int) -> None:
    x = np.random.default_rng(start).normal(100, 5, 1200)
    x[start - 1] = 1e12  # a wrong tick just before
    columns = [
        window.ema(CLOSE, 12),
        window.ema(window.ema(CLOSE, 5) - CLOSE, 3),
        window.deviation(CLOSE, 37),
        window.slope(CLOSE, 20),
        window.rows_since_highest(CLOSE, 25),
        window.covariance(CLOSE, CLOSE * CLOSE, 33),
    ]
    whole, part = values(columns, x)[start:], values(columns, x[start:])
    for k, column in enumerate(columns):
        assert whole[column.memory :, k].tobytes() == part[column.memory :, k].tobytes(), k
        seen = slice(column.warmup, column.memory)  # rows of an exponential average that still see the tick
        assert whole[seen, k].tolist() == [] or (whole[seen, k] != part[seen, k]).any()


@given(level=st.floats(1e-3, 1e6), bars=st.integers(2, 50))
@settings(max_examples=40, deadline=None)
def test_equal_numbers_have_that_mean_and_no_deviation(level: float, bars: int) -> None:
    columns = [window.mean(CLOSE, bars) - CLOSE, window.deviation(CLOSE, bars), window.slope(CLOSE, bars)]
    assert (values(columns, np.full(80, level))[bars - 1 :] == 0).all()


def test_chunks_of_rows_do_not_show() -> None:
    x = np.random.default_rng(0).normal(size=1100)
    columns = [window.mean(CLOSE, 100), window.ema(CLOSE, 20), window.highest(CLOSE, 33)]
    for stop in (1, 511, 512, 513, 1024):
        assert values(columns, x[:stop]).tobytes() == values(columns, x)[:stop].tobytes()


@settings(max_examples=60, deadline=None)
@given(x=hnp.arrays(np.float32, (6, 9), elements=st.integers(0, 4).map(float) | st.just(np.nan)))
def test_across_tickers_against_polars(x: np.ndarray) -> None:
    out = np.stack([x.ravel()] * 3, axis=1)
    starts, columns = np.arange(0, 55, 9), np.arange(3)
    scratch = *np.empty((2, 9)), *np.empty((2, 9), np.int64)
    across(out, np.arange(54), starts, columns, np.array([RANK, NEUTRAL, SCORE]), *scratch)
    value = pl.col("x")
    deviation = value.std(ddof=0).over("t")
    frame = pl.DataFrame({"t": np.repeat(np.arange(6), 9), "x": x.ravel()}).with_columns(
        value.cast(pl.Float64).fill_nan(None)
    )
    neutral = value - value.mean().over("t")
    expected = frame.select(
        (value.rank("average").over("t") - 0.5) / value.count().over("t") - 0.5,
        neutral.alias("neutral"),
        pl.when(deviation > 0).then(neutral / deviation).otherwise(0.0 * value).alias("score"),
    )
    np.testing.assert_allclose(out, expected.fill_null(np.nan).to_numpy(), atol=1e-6)
