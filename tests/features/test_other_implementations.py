"""Features recomputed from the raw bars by pandas, by TA-Lib, and by published formulas."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from feature_bars import random_bars
from real_bars import ZONE, hourly_bars, with_market

from benchmarks.features.pandas_set import features as with_pandas
from ploutos.data.calendars.weekdays import Weekdays
from ploutos.features.catalogue import FAMILIES
from ploutos.features.selection import Selection

CALENDAR = Weekdays(timezone=ZONE, session_open="09:30", session_close="16:00")


def selection(groups: list[str], include: tuple[str, ...] = ()) -> Selection:
    return Selection(calendar=CALENDAR, groups=groups, include=list(include), exclude=[])


def agree(frame: pl.DataFrame, tickers: list[str]) -> None:
    """Compare all features of single tickers with pandas."""
    features = selection([name for name in FAMILIES if name != "cross_section"])
    names = features.names(())
    computed = features.compute(frame, ())
    for ticker in tickers:
        bars = with_market(frame).filter(pl.col("ticker") == ticker).to_pandas().set_index("ts")
        bars.index = bars.index.tz_convert(ZONE)
        expected = with_pandas(bars, list(names))
        found = computed.filter(pl.col("ticker") == ticker)
        for name in names:
            slow = expected[name].to_numpy().astype(float)
            # Running sums of pandas lose digits where values of very different size pass by.
            scale = 1e-4 * float(np.nanstd(slow)) + 1e-7
            np.testing.assert_allclose(found[name], slow, rtol=1e-4, atol=scale, err_msg=name)


@pytest.fixture(scope="module")
def hourly(real_data: Path) -> pl.DataFrame:
    return hourly_bars(real_data)


@pytest.mark.real_data
def test_pandas_on_real_bars(hourly: pl.DataFrame) -> None:
    agree(hourly, ["AAPL", "SPY"])


def test_pandas_on_random_bars() -> None:
    frame = random_bars(np.random.default_rng(1), tickers=4, rows=700)
    agree(frame, ["T1", "T2", "T3"])  # not T0: pandas' running sums miss that its prices stand still


def moves(bars: dict[str, np.ndarray]) -> np.ndarray:
    """Return log returns, 0 in the first row: TA-Lib's running sums never forget a NaN."""
    return np.diff(np.log(bars["close"]), prepend=np.log(bars["close"][0]))


def logs(bars: dict[str, np.ndarray]) -> list[np.ndarray]:
    return [np.log(bars[name]) for name in ("high", "low", "close")]


# TA-Lib's name and columns, and what our column is in its terms.
TALIB = {
    "rsi_wilder_14": lambda t, b: t.RSI(b["close"], 14) / 50 - 1,
    "adx_14": lambda t, b: t.ADX(b["high"], b["low"], b["close"], 14) / 100,
    "plus_di_14": lambda t, b: t.PLUS_DI(b["high"], b["low"], b["close"], 14) / 100,
    "minus_di_14": lambda t, b: t.MINUS_DI(b["high"], b["low"], b["close"], 14) / 100,
    "atr_wilder_14": lambda t, b: t.ATR(b["high"], b["low"], b["close"], 14) / b["close"],
    "macd_12_26": lambda t, b: t.MACD(b["close"], 12, 26, 9)[0] / b["close"],
    "macd_signal_12_26_9": lambda t, b: t.MACD(b["close"], 12, 26, 9)[1] / b["close"],
    "macd_histogram_12_26_9": lambda t, b: t.MACD(b["close"], 12, 26, 9)[2] / b["close"],
    "ema_ratio_26": lambda t, b: b["close"] / t.EMA(b["close"], 26) - 1,
    "sma_ratio_30": lambda t, b: b["close"] / t.SMA(b["close"], 30) - 1,
    "aroon_up_30": lambda t, b: t.AROON(b["high"], b["low"], 30)[1] / 100,
    "aroon_down_30": lambda t, b: t.AROON(b["high"], b["low"], 30)[0] / 100,
    "williams_14": lambda t, b: t.WILLR(b["high"], b["low"], b["close"], 14) / 100,
    "stochastic_14": lambda t, b: t.STOCHF(b["high"], b["low"], b["close"], 14, 3)[0] / 50 - 1,
    "stochastic_smooth_14_3": lambda t, b: t.STOCHF(b["high"], b["low"], b["close"], 14, 3)[1] / 50 - 1,
    "cci_20": lambda t, b: t.CCI(b["high"], b["low"], b["close"], 20) / 100,
    "money_flow_14": lambda t, b: t.MFI(b["high"], b["low"], b["close"], b["volume"], 14) / 50 - 1,
    "slope_30": lambda t, b: t.LINEARREG_SLOPE(np.log(b["close"]), 30),
    "bollinger_width_20": lambda t, b: (lambda u, m, d: (u - d) / m)(*t.BBANDS(b["close"], 20, 2, 2)),
    "return_6": lambda t, b: np.log1p(t.ROCP(b["close"], 6)),
    "volatility_30": lambda t, b: t.STDDEV(moves(b), 30, 1),
    "ema_cross_12_60": lambda t, b: t.EMA(b["close"], 12) / t.EMA(b["close"], 60) - 1,
    "straightness_30": lambda t, b: t.CORREL(np.log(b["close"]), np.arange(len(b["close"]), dtype=float), 30),
    "bollinger_percent_20": lambda t, b: (lambda u, m, d: (b["close"] - d) / (u - d))(
        *t.BBANDS(b["close"], 20, 2, 2)
    ),
    "atr_14": lambda t, b: t.SMA(np.append(0.0, t.TRANGE(*logs(b))[1:]), 14),
    "drawdown_120": lambda t, b: b["close"] / t.MAX(b["high"], 120) - 1,
    "low_distance_30": lambda t, b: np.log(b["close"] / t.MIN(b["low"], 30)),
    "channel_60": lambda t, b: (lambda low, high: (2 * b["close"] - low - high) / (high - low))(
        t.MIN(b["low"], 60), t.MAX(b["high"], 60)
    ),
    "accumulation_20": lambda t, b: (
        t.MOM(t.AD(b["high"], b["low"], b["close"], b["volume"]), 20) / t.SUM(b["volume"], 20)
    ),
    "move_volume_30": lambda t, b: t.CORREL(np.abs(moves(b)), b["volume"] / b["volume"].mean(), 30),
    "obv_60": lambda t, b: t.MOM(t.OBV(b["close"], b["volume"]), 60) / t.SUM(b["volume"], 60),
}
TIED = ("adx_14", "plus_di_14", "minus_di_14", "money_flow_14")  # TA-Lib takes rounding for a difference


@pytest.mark.real_data
@pytest.mark.parametrize("name", TALIB)
def test_talib_on_real_bars(hourly: pl.DataFrame, name: str) -> None:
    talib = pytest.importorskip("talib", reason="TA-Lib is not installed")
    features = selection([], (name,))
    frame = hourly.filter(pl.col("ticker") == "SPY")
    columns = {c: frame[c].to_numpy().copy() for c in ("open", "high", "low", "close", "volume")}
    found, expected = features.compute(frame, ())[name].to_numpy(), TALIB[name](talib, columns)
    later = slice(max(features.memory_bars, 600), None)  # TA-Lib's recursions have forgotten their start
    if name in TIED:
        # In a tie of ticks TA-Lib's rounding decides; elsewhere both agree.
        assert np.quantile(np.abs(found[later] - expected[later]), 0.5) < 1e-3
        assert np.corrcoef(found[later], expected[later])[0, 1] > 0.99
    else:
        np.testing.assert_allclose(found[later], expected[later], rtol=1e-4, atol=2e-6)


@pytest.mark.parametrize("name", TIED)
def test_talib_where_nothing_ties(name: str) -> None:
    talib = pytest.importorskip("talib", reason="TA-Lib is not installed")
    frame = random_bars(np.random.default_rng(5), tickers=2, rows=1500).filter(pl.col("ticker") == "T1")
    columns = {c: frame[c].to_numpy().copy() for c in ("open", "high", "low", "close", "volume")}
    features = selection([], (name,))
    found, expected = features.compute(frame, ())[name].to_numpy(), TALIB[name](talib, columns)
    np.testing.assert_allclose(found[700:], expected[700:], rtol=1e-4, atol=1e-5)


def test_volatility_estimators_find_the_volatility_of_a_random_walk() -> None:
    """Bars of 400 steps each: every estimator's mean lies near the truth, Yang and Zhang's and others'."""
    rng, bars, steps = np.random.default_rng(0), 2400, 400
    path = np.cumsum(rng.normal(0, 0.01 / steps**0.5, bars * steps)).reshape(bars, steps)
    before = np.r_[0.0, path[:-1, -1]][:, None]
    path = np.exp(np.concatenate([before, path], axis=1))
    frame = pl.DataFrame(
        {
            "ts": pl.Series(np.arange(bars) * 3_600_000_000).cast(pl.Datetime("us", "UTC")),
            "ticker": ["A"] * bars,
            "open": path[:, 0],
            "high": path.max(axis=1),
            "low": path.min(axis=1),
            "close": path[:, -1],
            "volume": np.ones(bars),
        }
    )
    names = ["volatility_600", "parkinson_600", "garman_klass_600", "rogers_satchell_600", "yang_zhang_600"]
    found = selection([], tuple(names)).compute(frame, ())[-1].select(names).row(0)
    np.testing.assert_allclose(
        found, 0.01, rtol=0.07
    )  # ranges of 400 steps fall short of the true ones by 4 %
