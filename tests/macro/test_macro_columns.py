"""Derived columns against a slow loop, and what a bar may know."""

from datetime import UTC, datetime, time, timedelta

import numpy as np
import polars as pl
import pytest

from ploutos.macro.columns import column_names, macro_columns
from ploutos.macro.publication import Publication

SETTINGS = {
    "z_window_sessions": 30,
    "z_min_sessions": 10,
    "z_clip": 3.0,
    "stress_z": 1.0,
    "age_cap_days": 7.0,
}
DAY = 86_400_000_000


def _levels(days=120, seed=0):
    rng = np.random.default_rng(seed)
    start = datetime(2024, 1, 3, 5, tzinfo=UTC)
    vix = 18 * np.exp(np.cumsum(0.08 * rng.standard_normal(days)))
    tnx = 3 + np.cumsum(0.05 * rng.standard_normal(days))
    absent = rng.random(days) < 0.2
    return pl.DataFrame(
        {
            "available_at": [start + timedelta(days=d) for d in range(days)],
            "vix": vix,
            "tnx": [None if gone else value for gone, value in zip(absent, tnx, strict=True)],
        }
    ).with_columns(pl.col("available_at").cast(pl.Datetime("us", "UTC")))


def _slow(levels, level, ts):
    """Return the columns of one bar from Python lists, straight from their definitions."""
    known = [
        (at.timestamp() * 1e6, value)
        for at, value in levels.select("available_at", level).iter_rows()
        if value is not None and at.timestamp() * 1e6 <= ts
    ]
    if not known:
        return [0.0] * 8
    x = [value for _, value in known]
    window = x[-30:]
    z = 0.0
    if len(window) >= 10:
        mean = sum(window) / len(window)
        z = (x[-1] - mean) / (sum((v - mean) ** 2 for v in window) / (len(window) - 1)) ** 0.5

    def change(n):
        if len(x) <= n:
            return 0.0
        return x[-1] - x[-1 - n] if level == "tnx" else np.log(x[-1] / x[-1 - n])

    def ratio(n):
        return x[-1] / (sum(x[-n:]) / n) - 1 if len(x) >= n else 0.0

    age = min((ts - known[-1][0]) / DAY, 7.0) / 7.0
    clipped = min(max(z, -3.0), 3.0)
    return [clipped, change(1), change(5), ratio(20), ratio(50), float(z > 1.0), age, 1.0]


def test_columns_equal_the_slow_loop():
    levels = _levels()
    first = int(levels["available_at"][0].timestamp() * 1e6)
    ts = first + np.arange(-3 * DAY, 135 * DAY, DAY // 3 + 12345, dtype=np.int64)
    names, values = macro_columns(levels, ts, **SETTINGS)
    assert names == (*column_names("vix"), *column_names("tnx"))
    assert values.dtype == np.float32
    slow = [[*_slow(levels, "vix", t), *_slow(levels, "tnx", t)] for t in ts]
    np.testing.assert_allclose(values, slow, rtol=1e-5, atol=1e-6)


def test_nothing_is_known_before_the_first_publication_and_from_then_on():
    levels = _levels()
    first = int(levels["available_at"][0].timestamp() * 1e6)
    names, values = macro_columns(levels, np.array([first - 1, first]), **SETTINGS)
    assert not values[0].any()
    assert values[1, names.index("vix_known")] == 1


@pytest.mark.parametrize("cut", [5, 40, 90])
def test_later_values_never_change_earlier_rows(cut):
    levels = _levels()
    published = levels["available_at"].dt.timestamp("us").to_numpy()
    ts = published[:cut] + DAY // 2
    _, before = macro_columns(levels, ts, **SETTINGS)
    late = pl.int_range(pl.len()) >= cut
    scaled = levels.with_columns(
        pl.when(late).then(pl.col("vix", "tnx") * 1000).otherwise(pl.col("vix", "tnx"))
    )
    for altered in (levels[:cut], scaled):
        np.testing.assert_array_equal(macro_columns(altered, ts, **SETTINGS)[1], before)


def test_a_constant_level_and_no_level_are_neutral():
    levels = _levels().with_columns(vix=pl.lit(18.1), tnx=pl.lit(0.0))
    ts = levels["available_at"].dt.timestamp("us").to_numpy()
    names, values = macro_columns(levels, ts, **SETTINGS)
    assert np.isfinite(values).all()
    rest = [i for i, name in enumerate(names) if not name.endswith("_known")]
    np.testing.assert_allclose(values[:, rest], 0, atol=1e-6)
    assert macro_columns(levels.select("available_at"), ts, **SETTINGS)[1].shape == (120, 0)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (time(0), "2024-03-10T05:00:00+00:00"),
        (time(2, 30), "2024-03-10T07:30:00+00:00"),  # skipped that night: 03:30 daylight time
        (time(1, 30), "2024-03-10T06:30:00+00:00"),
    ],
)
def test_publication_in_wall_time_across_daylight_saving(at, expected):
    days = pl.DataFrame({"date": pl.Series(["2024-03-09"]).str.to_date()})
    found = days.select(Publication("America/New_York", 1, at).available_at("date")).item()
    assert found.isoformat() == expected


def test_an_ambiguous_publication_time_is_taken_at_its_later_occurrence():
    days = pl.DataFrame({"date": pl.Series(["2024-11-02"]).str.to_date()})
    found = days.select(Publication("America/New_York", 1, time(1, 30)).available_at("date")).item()
    assert found.isoformat() == "2024-11-03T06:30:00+00:00"
