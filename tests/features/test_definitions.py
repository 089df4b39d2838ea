"""Every declared feature against its definition, written out row by row, on real bars and on random ones."""

import re
from pathlib import Path

import definitions_of_families  # noqa: F401  (fills the table of definitions)
import numpy as np
import polars as pl
import pytest
from definitions import History, by_definition
from feature_bars import random_bars
from hypothesis import given, settings
from hypothesis import strategies as st
from real_bars import ZONE, hourly_bars, with_market

from ploutos.data.calendars.weekdays import Weekdays
from ploutos.features.catalogue import FAMILIES
from ploutos.features.selection import Selection

CALENDAR = Weekdays(timezone=ZONE, session_open="09:30", session_close="16:00")
DECLARED = [d for family in FAMILIES.values() for d in family.declarations]


def selection(groups: list[str], include: tuple[str, ...] = ()) -> Selection:
    return Selection(calendar=CALENDAR, groups=groups, include=list(include), exclude=[])


def compared(name: str) -> tuple[str, str]:
    """Return the feature that a cross-sectional one compares, and how; itself and "" for others."""
    if re.fullmatch(r"rank_\d+|(neutral|score)_return_\d+", name):
        kind, _, number = name.partition("_")
        return f"return_{number.removeprefix('return_')}", kind
    if name.startswith("rank_"):
        return name.removeprefix("rank_").replace("skip_", "momentum_skip_"), "rank"
    return name, ""


def across(value: float, all_values: list[float], kind: str) -> float:
    """Return a ticker's place among all whose value is known."""
    x = np.array([v for v in all_values if not np.isnan(v)])
    if np.isnan(value):
        return value
    if kind == "rank":
        return (sum(x < value) + (sum(x == value) + 1) / 2 - 0.5) / len(x) - 0.5
    apart = value - np.mean(x)
    return apart if kind == "neutral" else 0.0 if np.ptp(x) == 0 else apart / np.std(x)


def require_definitions(features: Selection, frame: pl.DataFrame, at: list[int]) -> None:
    """Compare all features at the rows `at` of every ticker."""
    computed = features.compute(frame, ())
    parts = with_market(frame).partition_by("ticker")
    histories = [History(part, ZONE) for part in parts]
    place = {(time, n): row for n, part in enumerate(parts) for row, time in enumerate(part["ts"])}
    for n, found in enumerate(computed.partition_by("ticker")):
        for row in at:
            if row >= len(found):
                continue
            others = [
                (m, place[found["ts"][row], m]) for m in range(len(parts)) if (found["ts"][row], m) in place
            ]
            for feature in features.names(()):
                base, kind = compared(feature)
                expected = by_definition(histories[n], row, base)
                if kind:
                    every = [by_definition(histories[m], i, base) for m, i in others]
                    expected = across(*np.float32([expected]), list(np.float32(every)), kind)
                np.testing.assert_allclose(
                    found[feature][row], expected, rtol=2e-5, atol=1e-6, err_msg=f"{feature} of {n} at {row}"
                )


def test_every_declaration_has_a_definition_of_its_own() -> None:
    names = [name for family in FAMILIES for name in selection([family]).names(())]
    history = History(with_market(random_bars(np.random.default_rng(0), tickers=2, rows=150)).head(130), ZONE)
    assert len(names) >= 140
    for name in names:
        by_definition(history, 129, compared(name)[0])


@pytest.mark.real_data
def test_real_bars(real_data: Path) -> None:
    some = hourly_bars(real_data).filter(pl.col("ticker").is_in(["AAPL", "NVDA", "SPY", "TLT", "TSLA"]))
    begin = some["ts"].unique().sort()[2000]
    frame = some.filter(pl.col("ts") >= begin).group_by("ticker", maintain_order=True).head(420)
    assert frame["ticker"].n_unique() >= 3
    require_definitions(selection(list(FAMILIES)), frame, [0, 1, 31, 119, 120, 121, 200, 333, 419])


def test_random_bars_with_gaps_flat_stretches_and_bars_without_volume() -> None:
    frame = random_bars(np.random.default_rng(3), tickers=4, rows=420)
    last = frame.filter(ticker="T0").with_row_index("row").filter(pl.col("volume") == 0)["row"].max()
    require_definitions(selection(list(FAMILIES)), frame, [0, 5, 30, 60, 121, 190, 250, 300, last, 370])


@settings(max_examples=25, deadline=None)
@given(data=st.data(), seed=st.integers(0, 1000))
def test_any_windows_may_be_asked_for(data: st.DataObject, seed: int) -> None:
    """Windows from the smallest on, shorter before longer or after; warm-up as declared."""
    declared = data.draw(st.sampled_from([d for d in DECLARED if d.least]))
    windows = tuple(data.draw(st.integers(least, 45)) for least in declared.least)
    if declared.pattern == "momentum_skip_{n}_{m}" or declared.pattern == "rank_skip_{n}_{m}":
        windows = tuple(sorted(windows, reverse=True))
    features = selection([], (declared.name(windows),))
    frame = random_bars(np.random.default_rng(seed), tickers=3, rows=150)
    require_definitions(features, frame, [*range(0, 20), 44, 45, 90, 100, 110, 139])
