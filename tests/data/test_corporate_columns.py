"""Splits and dividends in the bars' own rows."""

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from lean_by_hand import XNYS, daily, lean, new_york_date

from ploutos.data.corporate.adjust import effective_rows, forward_adjusted
from ploutos.data.corporate.adjusted import Adjusted
from ploutos.data.corporate.columns import Columns
from ploutos.types import ConfigError, DataError
from ploutos.types.bars import PRICE_COLUMNS


def bars_of(closes, splits, dividends, *, hours=24):
    start = datetime(2024, 1, 2, 21, tzinfo=UTC)
    return pl.DataFrame(
        {"ts": [start + timedelta(hours=hours * n) for n in range(len(closes))], "ticker": "A"}
        | dict.fromkeys(PRICE_COLUMNS, closes)
        | {"volume": 1e3, "split": splits, "dividend": dividends},
        schema_overrides={"ts": pl.Datetime("us", "UTC"), "split": pl.Float64, "dividend": pl.Float64},
    )


def columns(**changes):
    return Columns(**{"split": "split", "dividend": "dividend", "dividend_per": "new_share"} | changes)


def test_null_zero_and_one_are_none():
    frame = bars_of([100.0, 49.0, 50.0, 50.0], [1, 2, 0, None], [None, 1, 0, 0.5])
    bars, actions, told = columns().apply(frame, XNYS)
    assert bars.columns == ["ts", "ticker", *PRICE_COLUMNS, "volume"]
    assert actions.select("split", "dividend", "factor").rows() == [(2.0, 1.0, None), (1.0, 0.5, None)]
    assert actions["ts"][0].isoformat() == "2024-01-03T05:00:00.000001+00:00"  # midnight in New York
    assert (told["splits"], told["dividends"]) == (1, 2)
    assert forward_adjusted(bars, actions)["close"].to_list() == pytest.approx(
        [100, 100, 2e4 / 196, 1e4 / 97.02]
    )


def test_dividends_on_old_shares():
    frame = bars_of([100.0, 49.0], [1, 2], [0, 2])
    assert columns(dividend_per="old_share").apply(frame, XNYS)[1]["dividend"].to_list() == [1.0]


def test_one_column_alone():
    frame = bars_of([100.0, 49.0], [1, 2], [0, 1])
    bars, actions, _ = columns(split=None).apply(frame, XNYS)
    assert actions.select("split", "dividend").rows() == [(1.0, 1.0)] and "split" in bars.columns
    with pytest.raises(ConfigError, match="name a column"):
        columns(split=None, dividend=None)


def test_the_first_bar_of_the_session_whatever_row_it_stands_in():
    frame = bars_of([100.0] * 3 + [50.0] * 5, [1] * 6 + [2, 1], [0] * 8, hours=6)
    bars, actions, _ = columns().apply(frame, XNYS)
    row = int(effective_rows(bars, actions)[0])
    dates = bars.select(new_york_date(pl.col("ts") - pl.duration(microseconds=1))).to_series()
    assert dates[row] == dates[6] != dates[row - 1]


def test_a_split_repeated_in_every_row_is_refused():
    frame = bars_of([100.0, 50.0, 50.0], [1, 2, 2], [0, 0, 0], hours=6)
    frame = frame.with_columns(pl.col("ts").dt.offset_by("-6h"))
    with pytest.raises(DataError, match="A has more than one split on 2024-01-02, the first is 2"):
        columns().apply(frame, XNYS)


@pytest.mark.parametrize(("split", "dividend"), [(-2, 0), (1, -0.5), (float("nan"), 0)])
def test_impossible_values(split, dividend):
    with pytest.raises(DataError, match="actions: A at 2024-01-03"):
        columns().apply(bars_of([100.0, 50.0], [1, split], [0, dividend]), XNYS)


def test_a_missing_column():
    with pytest.raises(ConfigError, match=r"unknown value 'splits'\. Nearest: 'split'"):
        columns(split="splits").apply(bars_of([1.0], [1], [0]), XNYS)


def test_adjusted_prices_have_no_actions():
    frame = bars_of([100.0, 50.0], [1, 2], [0, 0])
    bars, actions, _ = Adjusted().apply(frame, XNYS)
    assert bars is frame and forward_adjusted(bars, actions) is frame


@pytest.mark.real_data
def test_the_same_actions_as_the_lines_give(real_data):
    """Apple's splits and dividends of 2014, written into the rows by hand, give the same series."""
    year = pl.col("ts").dt.year() == 2014
    frame = daily(real_data).filter(year & (pl.col("ticker") == "AAPL"))
    when = new_york_date(pl.col("ts"))
    paid = {date(2014, 2, 6): 3.05, date(2014, 5, 8): 3.29, date(2014, 8, 7): 0.47, date(2014, 11, 6): 0.47}
    own = frame.with_columns(
        split=pl.when(when == date(2014, 6, 9)).then(7.0),
        dividend=when.replace_strict(paid, default=None, return_dtype=pl.Float64),
    )
    bars, actions, _ = columns().apply(own, XNYS)
    by_lines = forward_adjusted(*lean(real_data).apply(frame, XNYS)[:2])
    closes = forward_adjusted(bars, actions)["close"]
    assert closes.to_list() == pytest.approx(by_lines["close"].to_list(), rel=2e-6)
