"""Spikes: hand cases, an independent slow judge, and that no later bar ever takes part."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quality_bars import START, bars, check, found, quality

from ploutos.types import DataError


def closes_kept(closes, rules=None, **more):
    kept, report = check(bars(closes), rules, **more)
    return kept["close"].to_list(), report


def test_a_tick_of_a_day_is_masked_and_its_neighbours_stay():
    kept, report = closes_kept([37.0, 38, 37.5, 3730, 37.2, 37.9])
    assert kept == [37.0, 38, 37.5, 37.2, 37.9]
    assert (report["spike"]["count"], report["level_shift"]["count"]) == (1, 0)
    assert report["spike"]["examples"][0]["believed_close"] == 37.5


def test_an_unknown_split_costs_one_bar():
    kept, report = closes_kept([400.0, 404, 20.3, 20.1, 20.5])
    assert kept == [400.0, 404, 20.1, 20.5]
    assert (report["spike"]["count"], report["level_shift"]["count"]) == (1, 1)
    assert report["level_shift"]["examples"][0]["believed_close"] == 404


def test_a_level_may_have_to_last_longer():
    rules = quality(spike={"confirm_bars": 3})
    assert closes_kept([400.0, 20, 20, 20, 404], rules)[0] == [400.0, 404]
    assert closes_kept([400.0, 20, 20, 20, 21, 22], rules)[0] == [400.0, 21, 22]


def test_two_ticks_that_disagree_prove_nothing():
    assert closes_kept([10.0, 10, 100, 1000, 10])[0] == [10.0, 10, 10]


def test_a_rise_that_nobody_can_have_earned_is_never_believed():
    old, new = [1.0] * 6, [60.0] * 8
    kept, report = closes_kept([*old, *new, 1.1])
    assert kept == [*old, 1.1]
    assert (report["spike"]["count"], report["rise_limit"]["count"]) == (1, 7)
    assert report["rise_limit"]["threshold"] == 50.0


def test_a_fall_is_believed_however_deep():
    assert closes_kept([100.0] * 6 + [0.4, 0.38, 0.41])[0] == [100.0] * 6 + [0.38, 0.41]


def test_a_listing_that_begins_with_test_prints_is_not_lost():
    assert closes_kept([0.01, 0.01, 16.0, 16.2, 16.1])[0] == [0.01, 0.01, 16.2, 16.1]


def test_after_a_long_silence_any_price_is_believed_but_told():
    later = bars([28.6, 28.5], start=START + timedelta(days=300))
    kept, report = check(pl.concat([bars([0.16] * 9), later]))
    assert kept.height == 11
    assert (report["spike"]["count"], report["level_shift"]["count"]) == (0, 1)
    assert report["level_shift"]["examples"][0]["believed_close"] == 0.16


def test_a_known_split_is_no_spike():
    frame = bars([700.0, 707, 101, 102, 10.2, 10.3])
    splits = pl.DataFrame(
        {"ticker": ["AAA", "AAA", "BBB"], "ts": frame["ts"].gather([2, 4, 3]), "split": [7.0, 10.0, 99.0]}
    )
    kept, report = check(frame, splits=splits)
    assert kept.equals(frame)
    assert not any(each["count"] for each in report.values())
    assert check(frame, splits=splits[:1])[0]["close"].to_list() == [700.0, 707, 101, 102, 10.3]


def test_a_tick_right_before_a_known_split_is_told_in_the_units_of_its_bar():
    frame = bars([700.0, 707, 101, 10_100, 102])
    splits = pl.DataFrame({"ticker": ["AAA"], "ts": frame["ts"].gather([2]), "split": [7.0]})
    kept, report = check(frame, splits=splits)
    assert kept["close"].to_list() == [700.0, 707, 101, 102]
    assert report["spike"]["examples"][0]["believed_close"] == pytest.approx(101)


def test_tickers_do_not_judge_each_other():
    kept, report = check(pl.concat([bars([1.0] * 5), bars([500.0] * 5, "BBB")]))
    assert kept.height == 10
    assert report["spike"]["count"] == 0


WICKS = [("high", 1000.0), ("low", 1.0), ("open", 1000.0), ("open", 1.0)]


def with_wick(column, value):
    frame = bars([100.0] * 6).with_row_index("row")
    bad = pl.when(pl.col("row") == 3).then(value).otherwise(column)
    frame = frame.with_columns(bad.alias(column)).drop("row")
    return frame.with_columns(high=pl.max_horizontal("open", "high"), low=pl.min_horizontal("open", "low"))


@pytest.mark.parametrize(("column", "value"), WICKS)
def test_a_bar_that_reaches_too_far_is_masked(column, value):
    frame = with_wick(column, value)
    kept, report = check(frame)
    assert kept.equals(frame[[0, 1, 2, 4, 5]])
    assert report["wick"]["count"] == 1


@pytest.mark.parametrize(("column", "value"), WICKS)
def test_a_repair_cuts_the_wick_but_cannot_invent_an_open(column, value):
    frame = with_wick(column, value)
    kept, report = check(frame, quality(spike={"wick_action": "repaired"}))
    if column == "open":
        assert kept.equals(frame[[0, 1, 2, 4, 5]])
        assert (report["wick"]["action"], report["wick"]["count"]) == ("masked", 1)
    else:
        assert kept[column].to_list()[3] == 100.0
        assert kept.drop(column).equals(frame.drop(column))
        assert (report["wick"]["action"], report["wick"]["count"]) == ("repaired", 1)


def test_a_bar_that_opens_at_the_old_level_and_closes_at_the_new_has_no_wick():
    frame = bars([1.0, 1.0, 4.5, 4.5, 4.5]).with_row_index("row")
    frame = frame.with_columns(open=pl.when(pl.col("row") == 2).then(0.7).otherwise("open")).drop("row")
    kept, report = check(frame.with_columns(low=pl.min_horizontal("open", "low")))
    assert kept.height == 5
    assert report["wick"]["count"] == 0


def test_refusals_name_the_price():
    strict = {"spike": {"action": "refused", "wick_action": "refused"}}
    with pytest.raises(DataError) as caught:
        check(bars([37.0, 38, 3800]), quality(**strict))
    where = "bars.parquet: ticker AAA at 2024-01-04T21:00:00+00:00: "
    assert str(caught.value) == where + "close 3800 is 100 times the last believed 38"
    with pytest.raises(DataError, match="low 1, close 100: too far from each other, the last believed"):
        check(with_wick("low", 1.0), quality(**strict))


def test_an_unsorted_frame_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="not sorted"):
        quality().check_series(bars([1.0, 2.0]).reverse(), None, bar_minutes=None, file="x")


LEVELS = st.sampled_from([1.0, 1.3, 4.0, 9.0, 30.0, 80.0, 700.0, 0.1])
PATHS = st.lists(LEVELS, min_size=1, max_size=40)
SETTINGS = st.tuples(st.sampled_from([3.0, 5.0]), st.integers(1, 3), st.integers(1, 6))


def slowly_believed(closes, factor, confirm_bars, rise_limit, settle_bars):
    """Judge the closes of one ticker one by one, holding the whole story so far."""

    def near(a, b):
        return a <= factor * b and b <= factor * a

    believed, level_began, doubts, kept = closes[0], 0, [], [0]
    for now in range(1, len(closes)):
        close = closes[now]
        if near(close, believed):
            believed, doubts = close, []
            kept.append(now)
            continue
        run = [now]
        for earlier in reversed(doubts):
            if not near(closes[earlier], closes[run[-1]]):
                break
            run.append(earlier)
        young = min(run) - level_began < settle_bars
        if len(run) > confirm_bars and (close <= rise_limit * believed or young):
            believed, level_began, doubts = close, now, []
            kept.append(now)
        else:
            doubts.append(now)
    return [closes[i] for i in kept]


@settings(max_examples=150, deadline=None)
@given(PATHS, PATHS, SETTINGS)
def test_fast_and_slow_judge_agree(one, other, chosen):
    factor, confirm_bars, settle_bars = chosen
    rules = quality(spike={"factor": factor, "confirm_bars": confirm_bars, "settle_bars": settle_bars})
    frame = pl.concat([bars(one), bars(other, "BBB")])
    kept, _ = rules.spike.apply(frame, file="x", splits=None)
    for ticker, closes in (("AAA", one), ("BBB", other)):
        expected = slowly_believed(closes, factor, confirm_bars, 50.0, settle_bars)
        assert kept.filter(pl.col("ticker") == ticker)["close"].to_list() == expected


@st.composite
def markets(draw):
    """Return bars of two tickers with spikes, wicks, silences, missing values, stale and empty bars."""
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    frames = []
    for ticker in ("AAA", "BBB"):
        count = int(rng.integers(1, 50))
        levels = rng.choice([1.0, 1.0, 1.0, 1.0, 1.2, 8.0, 70.0, 0.1], count)
        close = 10 * np.maximum.accumulate(levels) ** rng.choice([0, 1]) * levels
        spread = rng.choice([1.0, 1.0, 1.0, 1.01, 12.0], (2, count))
        open_ = close * rng.choice([1.0, 1.0, 1.0, 0.99, 15.0], count)
        days = np.cumsum(rng.choice([1, 1, 1, 3, 45], count))
        bad = rng.random(count)
        frames.append(
            pl.DataFrame(
                {
                    "ts": [START + timedelta(days=int(day)) for day in days],
                    "ticker": [ticker] * count,
                    "open": open_,
                    "high": np.maximum(open_, close) * spread[0],
                    "low": np.minimum(open_, close) / spread[1] * np.where(bad > 0.95, 40, 1),
                    "close": np.where(bad < 0.03, np.nan, np.where(bad < 0.06, 0.0, close)),
                    "volume": rng.choice([0.0, 5.0, 7.0], count),
                }
            ).with_columns(pl.col("ts").cast(pl.Datetime("us", "UTC")))
        )
    return pl.concat(frames), float(rng.random())


MASKING = {"zero_volume": {"action": "masked"}, "stale": {"action": "masked", "bars": 2}}


@settings(max_examples=80, deadline=None)
@given(markets(), st.sampled_from(["masked", "repaired", "kept"]))
def test_no_later_bar_changes_what_is_kept(market, wick_action):
    frame, where = market
    cut = frame["ts"].sort()[int(where * (frame.height - 1))]
    rules = quality(**MASKING, spike={"wick_action": wick_action}, ohlc_inconsistent={"action": "repaired"})
    splits = pl.DataFrame({"ticker": ["AAA", "BBB"], "ts": frame["ts"].gather([0, -1]), "split": [2.0, 9.0]})
    whole, _ = check(frame, rules, splits=splits)
    begun, _ = check(frame.filter(pl.col("ts") <= cut), rules, splits=splits)
    assert begun.equals(whole.filter(pl.col("ts") <= cut))


def test_the_causality_test_sees_a_rule_that_looks_ahead():
    frame = bars([10.0, 10, 10, 100, 10, 10])
    ahead = pl.col("close") / pl.col("close").shift(-1) < 5
    whole = frame.filter(ahead.fill_null(True))
    cut = frame["ts"][3]
    begun = frame.filter(pl.col("ts") <= cut).filter(ahead.fill_null(True))
    assert not begun.equals(whole.filter(pl.col("ts") <= cut))


def test_findings_of_the_spike_rule_are_told_even_when_nothing_is_found():
    _, report = quality().spike.apply(bars([1.0, 1.1]), file="x", splits=None)
    told = found([each.as_dict() for each in report])
    assert {name: each["count"] for name, each in told.items()} == {
        "spike": 0,
        "rise_limit": 0,
        "level_shift": 0,
        "wick": 0,
    }
