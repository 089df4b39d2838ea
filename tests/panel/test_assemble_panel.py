"""Assembly by date: every cell against the long bars, causality, and the way back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from panel_market import CALENDAR, CLOCK, ROWS, TICKERS, Macro, bars, core, panel, same, times

from ploutos.features.selection import Selection
from ploutos.panel import blocks
from ploutos.panel.align import align_features, end_delisted
from ploutos.panel.assemble import assemble, panel_bars, start_of_history
from ploutos.types import Bars, ConfigError, DataError
from ploutos.universe.static import Static

# Memory beyond the warm-up, returns of other tickers, comparisons across them.
REMEMBERING = Selection(
    calendar=CALENDAR,
    groups=[],
    include=["ema_ratio_2", "atr_wilder_1", "beta_4", "rank_3", "score_return_2", "month_turn"],
    exclude=[],
)
GAPS, GONE, LATE, MUTE, OKAY = range(5)


def microseconds(moment: object) -> int:
    return round(moment.timestamp() * 1e6)  # type: ignore[attr-defined]


def test_every_cell_is_looked_up_by_date() -> None:
    """Trap 5: walk the long frame and ask the panel at that time and ticker."""
    built, source = panel(), bars()
    rows = {microseconds(t): i for i, t in enumerate(times())}
    assert built.ts.tolist() == sorted(rows)
    assert built.tickers == TICKERS
    features = core().compute(source.frame, source.signals)
    traded = np.zeros((ROWS, 5), dtype=bool)
    for bar, row in zip(source.frame.to_dicts(), features.to_dicts(), strict=True):
        t, n = rows[microseconds(bar["ts"])], TICKERS.index(bar["ticker"])
        traded[t, n] = True
        for name in ("open", "high", "low", "close", "volume"):
            assert getattr(built, name)[t, n] == bar[name]
        values = np.array([row[name] for name in built.feature_names], dtype=np.float32)
        np.testing.assert_array_equal(built.features[t, n], values)
        assert built.expected_return[t, n] == bar["alpha"]
        assert built.member[t, n] == np.isfinite(values).all()
    for name in ("open", "high", "low"):
        assert (np.isfinite(getattr(built, name)) == traded).all()
    assert (built.volume[~traded] == 0).all()
    assert np.isnan(built.expected_return[~traded]).all()


@pytest.mark.parametrize("features", [core(), REMEMBERING], ids=["core", "remembering"])
@pytest.mark.parametrize("rows", [1, 150, 10_000])
def test_blocks_of_tickers_give_the_bits_of_the_whole(
    rows: int, features: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "ROWS_AT_ONCE", rows)
    source = bars()
    built = assemble(source, Static(tickers=None), features, Macro(), clock=CLOCK)
    whole = align_features(
        features.compute(source.frame, source.signals), built.ts, TICKERS, built.feature_names
    )
    end_delisted(whole, built.delist_bar)
    np.testing.assert_array_equal(built.features, whole)
    assert built.member.tolist() == np.isfinite(whole).all(axis=-1).tolist()


def test_gaps_carry_the_past_forward() -> None:
    built = panel()
    for t in (60, 61, 62):
        np.testing.assert_array_equal(built.features[t, GAPS], built.features[59, GAPS])
        assert built.close[t, GAPS] == built.close[59, GAPS]
        assert built.member[t, GAPS]
    assert np.isnan(built.features[:30, LATE]).all()
    assert np.isnan(built.close[:30, LATE]).all()
    assert not built.member[:38, LATE].any()
    assert built.member[38:, LATE].all()


def test_a_delisting_ends_membership_and_pays_at_the_next_bar_of_the_market() -> None:
    built = panel()
    assert built.delist_bar.tolist() == [-1, 50, -1, -1, -1]
    assert built.delist_return.tolist() == [0.0, -0.3, 0.0, 0.0, 0.0]
    assert built.member[49, GONE]
    assert not built.member[50:, GONE].any()
    assert np.isnan(built.features[50:, GONE]).all()
    assert (built.close[50:, GONE] == built.close[49, GONE]).all()
    assert built.quality["panel"]["silent_ends"] == ["MUTE"]
    assert built.quality["panel"]["gap_cells"] == 6


def test_a_delisting_at_the_last_bar_lies_beyond_the_panel() -> None:
    source = bars()
    late = source.delistings.with_columns(
        ticker=pl.lit("OKAY"), ts=pl.lit(times()[-1]).dt.cast_time_unit("us")
    )
    built = panel(replace(source, delistings=late))
    assert built.delist_bar.tolist() == [-1] * 5
    assert built.member[-1, OKAY]


@pytest.mark.parametrize("last", [21, 35, 49, 50, 61, 75])
def test_a_truncated_source_gives_the_same_panel_up_to_there(last: int) -> None:
    """Also inside a gap and around a delisting: nothing before knows what comes after."""
    source, cut = bars(), times()[last]
    until = pl.col("ts") <= cut
    short = Bars(
        frame=source.frame.filter(until),
        signals=source.signals,
        delistings=source.delistings.filter(until),
        expected_return=source.expected_return.filter(until),
    )
    before, after = panel(short), panel(source)
    known = [TICKERS.index(ticker) for ticker in before.tickers]
    rows = last + 1
    assert len(before.ts) == rows
    for name in ("open", "high", "low", "close", "volume", "member", "features"):
        assert getattr(before, name).tobytes() == getattr(after, name)[:rows, known].tobytes(), name


def test_bars_of_a_panel_make_the_same_panel() -> None:
    built = panel()
    assert same(built, panel(panel_bars(built, slice(0, ROWS))))
    assert panel_bars(built, slice(0, ROWS)).frame.equals(bars().frame)
    assert panel_bars(built, slice(0, 49)).delistings.is_empty()
    assert len(panel_bars(built, slice(10, 50)).delistings) == 1


@pytest.mark.parametrize("features", [core(), REMEMBERING], ids=["core", "remembering"])
@pytest.mark.parametrize("row", [8, 25, 41, 52, 61, 62, 63, 80])
def test_features_recomputed_from_the_start_of_history(row: int, features: Any) -> None:
    """What a Monte Carlo does: bars from the panel, features again, aligned again."""
    built = assemble(bars(), Static(tickers=None), features, Macro(), clock=CLOCK)
    start = start_of_history(built, features, row)
    assert 0 <= start <= max(row - features.memory_bars, 0)
    part = panel_bars(built, slice(start, ROWS))
    frame = features.compute(part.frame, part.signals)
    again = align_features(frame, built.ts[start:], built.tickers, built.feature_names)
    listed = built.delist_bar < 0
    np.testing.assert_array_equal(again[row - start :, listed], built.features[row:, listed])


def test_universe_narrows_membership() -> None:
    built = assemble(bars(), Static(tickers=["OKAY"]), core(), Macro(), clock=CLOCK)
    assert built.member.any(axis=0).tolist() == [False, False, False, False, True]
    assert built.tickers == TICKERS
    with pytest.raises(ConfigError, match="Nearest: 'OKAY'"):
        assemble(bars(), Static(tickers=["OKEY"]), core(), Macro(), clock=CLOCK)


def test_bad_bars_are_refused_in_one_line() -> None:
    source = bars()
    frame, gone = source.frame, source.delistings
    with pytest.raises(DataError, match="no bars"):
        panel(replace(source, frame=frame.clear()))
    with pytest.raises(DataError, match=r"GAPS at 2024-03-04 15:00:00.* is out of order"):
        panel(replace(source, frame=pl.concat([frame[:1], frame])))
    with pytest.raises(DataError, match=r"GONE ends at .* but has a bar at"):
        panel(replace(source, delistings=gone.with_columns(pl.col("ts") - timedelta(hours=1))))
    with pytest.raises(DataError, match=r"GONE has delisting_return -1.5"):
        panel(replace(source, delistings=gone.with_columns(delisting_return=pl.lit(-1.5))))
    with pytest.raises(ConfigError, match=r"delistings: ticker: unknown value 'GONER'. Nearest: 'GONE'"):
        panel(replace(source, delistings=gone.with_columns(ticker=pl.lit("GONER"))))
    values = core().compute(frame, source.signals)
    with pytest.raises(DataError, match="a bar at a time that the calendar does not have"):
        align_features(values, panel().ts[1:], TICKERS, ("return_1",))
