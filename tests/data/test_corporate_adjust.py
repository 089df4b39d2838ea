"""Forward adjustment against a slow loop, by hand, and cut off at any time."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ploutos.data.corporate.adjust import effective_rows, forward_adjusted
from ploutos.types import DataError
from ploutos.types.bars import PRICE_COLUMNS

START = datetime(2024, 1, 2, 21, tzinfo=UTC)
TYPES = {"ts": pl.Datetime("us", "UTC")}


def bars_of(closes):
    """Return daily bars of {ticker: {day: close}}; open and close are the same, the volume is 1000."""
    rows = [
        {
            "ts": START + timedelta(days=d),
            "ticker": t,
            **dict.fromkeys(PRICE_COLUMNS, float(p)),
            "volume": 1e3,
        }
        for t in sorted(closes)
        for d, p in sorted(closes[t].items())
    ]
    return pl.DataFrame(rows, schema_overrides=TYPES)


def actions_of(rows):
    """Return the table of (ticker, day, split, dividend)."""
    columns = ("ticker", "ts", "split", "dividend")
    values = [(t, START + timedelta(days=d), float(s), float(c)) for t, d, s, c in rows]
    schema = {"ticker": pl.String, "ts": TYPES["ts"], "split": pl.Float64, "dividend": pl.Float64}
    return pl.DataFrame(values, schema={name: schema[name] for name in columns}, orient="row")


def slow(bars, actions):
    """Return adjusted closes and volumes row by row, or None where a dividend eats the whole price."""
    adjusted = []
    for ticker in bars["ticker"].unique(maintain_order=True):
        todo = [a for a in actions.sort("ts", maintain_order=True).iter_rows() if a[0] == ticker]
        factor, shares, previous = 1.0, 1.0, None
        for row in bars.filter(pl.col("ticker") == ticker).iter_rows(named=True):
            price = previous
            while todo and todo[0][1] <= row["ts"]:
                _, _, split, dividend = todo.pop(0)
                if previous is not None:
                    after = price / split - dividend  # to where the price falls
                    if after < 1e-9:
                        return None
                    factor *= price / after
                    shares *= split
                    price = after
            adjusted.append((row["close"] * factor, row["volume"] / shares))
            previous = row["close"]
    return np.array(adjusted)


days = st.integers(0, 12)
prices = st.dictionaries(days, st.floats(10, 200), min_size=1)
closes = st.fixed_dictionaries({"A": prices, "B": prices})
splits = st.sampled_from([1.0, 2.0, 1.5, 0.05, 7.0, 6.9999972])
events = st.lists(
    st.tuples(st.sampled_from("AB"), st.integers(-1, 13), splits, st.floats(0, 0.5)), max_size=8
)


@given(closes, events)
@settings(max_examples=100, deadline=None)
def test_equals_the_slow_loop(closes, events):
    bars = bars_of(closes)
    actions = actions_of([(t, d, s, c / s) for t, d, s, c in events])
    expected = slow(bars, actions)
    if expected is None:
        with pytest.raises(DataError, match="must lie below the close"):
            forward_adjusted(bars, actions)
        return
    fast = forward_adjusted(bars, actions)
    np.testing.assert_allclose(fast["close"], expected[:, 0], rtol=1e-12)
    np.testing.assert_allclose(fast["volume"], expected[:, 1], rtol=1e-12)
    assert fast.select(PRICE_COLUMNS).equals(fast.select(pl.col("close").alias(n) for n in PRICE_COLUMNS))


@given(closes, events, days)
@settings(max_examples=100, deadline=None)
def test_later_rows_and_actions_change_no_bit(closes, events, cut):
    bars, actions = bars_of(closes), actions_of([(t, d, s, c / s) for t, d, s, c in events])
    assume(slow(bars, actions) is not None)
    whole = forward_adjusted(bars, actions)
    until = pl.col("ts") <= START + timedelta(days=cut)
    assert forward_adjusted(bars.filter(until), actions.filter(until)).equals(whole.filter(until))
    assert forward_adjusted(bars.filter(until), actions).equals(whole.filter(until))
    assert forward_adjusted(bars, actions.filter(until)).filter(until).equals(whole.filter(until))


def test_a_split_and_a_dividend_by_hand():
    """100 -> 2:1 and 1 a new share: the price falls to 49; at 49 nothing was gained or lost."""
    bars = bars_of({"A": {0: 100, 1: 49, 2: 98}})
    adjusted = forward_adjusted(bars, actions_of([("A", 1, 2, 1)]))
    assert adjusted["close"].to_list() == pytest.approx([100, 100, 200], rel=1e-14)
    assert adjusted["volume"].to_list() == [1000, 500, 500]


def test_an_action_waits_for_the_next_bar_and_may_find_none():
    bars = bars_of({"A": {0: 100, 5: 50, 6: 50}, "B": {0: 10, 1: 10}})
    actions = actions_of([("A", 2, 2, 0), ("B", 2, 2, 0), ("C", 0, 2, 0)])
    assert effective_rows(bars, actions).tolist() == [1, -1, -1]
    adjusted = forward_adjusted(bars, actions)
    assert adjusted["close"].to_list() == [100, 100, 100, 10, 10]


def test_what_is_in_effect_at_the_first_bar_has_been_before_it():
    bars = bars_of({"A": {0: 100, 1: 100}})
    assert forward_adjusted(bars, actions_of([("A", -3, 2, 1), ("A", 0, 2, 1)])).equals(bars)


def test_a_given_factor_wins():
    bars = bars_of({"A": {0: 100, 1: 50}})
    actions = actions_of([("A", 1, 2, 0)]).with_columns(factor=1.9999)
    assert forward_adjusted(bars, actions)["close"].to_list() == [100, 50 * 1.9999]


@pytest.mark.parametrize(
    ("split", "dividend"), [(0, 0), (-1, 0), (float("inf"), 0), (1, -1), (1, float("nan"))]
)
def test_impossible_numbers_are_refused(split, dividend):
    with pytest.raises(DataError, match="actions: A at 2024-01-03"):
        forward_adjusted(bars_of({"A": {0: 100, 1: 50}}), actions_of([("A", 1, split, dividend)]))


def test_a_dividend_may_not_eat_the_whole_price():
    with pytest.raises(DataError, match=r"dividend 100\.0, .* after a close of 100"):
        forward_adjusted(bars_of({"A": {0: 100, 1: 50}}), actions_of([("A", 1, 1, 100)]))
