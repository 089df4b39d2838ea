"""Names that vanish: counted from raw rows, told by a table."""

from datetime import UTC, date, datetime, timedelta

import exchange_calendars
import numpy as np
import polars as pl
import pytest
from lean_by_hand import XNYS, labelled, new_york_date

from ploutos.data.corporate.delisting import infer_delistings
from ploutos.types import Bars, DataError
from ploutos.types.bars import no_delistings

END = datetime(2024, 3, 28, 20, tzinfo=UTC)  # a Thursday; the next day was Good Friday


def ends(**days_before_the_end):
    """Return two bars of each ticker; the last lies so many days before the market's end."""
    rows = [
        {"ticker": name, "ts": END - timedelta(days=days + back)}
        for name, days in days_before_the_end.items()
        for back in (7, 0)
    ]
    return pl.DataFrame(rows, schema_overrides={"ts": pl.Datetime("us", "UTC")}).sort("ticker", "ts")


def inferred(frame, *, market_end=END, after=3, payout=-0.3, explicit=None):
    return infer_delistings(
        frame,
        market_end,
        calendar=XNYS,
        after_sessions=after,
        delisting_return=payout,
        explicit=no_delistings() if explicit is None else explicit,
    )


def test_sessions_are_counted_not_days():
    frame = ends(A=0, B=3, C=6, D=7)  # 0, 3, 4 and 5 sessions before the end, 3 being Monday's bar
    table, told = inferred(frame)
    assert table["ticker"].to_list() == ["C", "D"] and told["inferred"] == 2
    assert table["ts"].to_list() == [END - timedelta(days=6), END - timedelta(days=7)]
    assert table["delisting_return"].to_list() == [-0.3, -0.3]
    assert table.schema == no_delistings().schema


def test_a_holiday_is_no_session():
    monday = END + timedelta(days=4)
    one_session_later, _ = inferred(ends(A=0), market_end=monday, after=1)
    assert one_session_later.is_empty()
    assert inferred(ends(A=0), market_end=monday, after=0)[0].height == 1


def test_none_where_the_market_ends_and_none_unless_asked():
    assert inferred(ends(A=0, B=0), after=0)[0].is_empty()
    assert inferred(ends(A=0, B=90), after=None)[0].is_empty()
    assert inferred(ends(B=90), market_end=END - timedelta(days=120))[0].is_empty()
    assert inferred(ends(A=0).clear())[0].is_empty()


def test_the_explicit_table_wins():
    told_of = pl.DataFrame(
        {
            "ticker": ["A", "D", "E", "X"],
            "ts": [None, None, END - timedelta(days=10), END],
            "delisting_return": [0.25, -1.0, 0.0, 0.0],
        },
        schema=no_delistings().schema,
    )
    table, told = inferred(ends(A=0, C=6, D=30, E=20), explicit=told_of)
    assert table.rows() == [
        ("A", END, 0.25),
        ("C", END - timedelta(days=6), -0.3),
        ("D", END - timedelta(days=30), -1.0),
        ("E", END - timedelta(days=10), 0.0),
    ]
    assert told == {"explicit": 3, "explicit_without_bars": 1, "inferred": 1}
    Bars(frame=ends(A=0), delistings=table)


@pytest.mark.parametrize("payout", [-1.1, float("nan"), float("inf")])
def test_an_impossible_return(payout):
    with pytest.raises(DataError, match="delisting_return"):
        inferred(ends(A=0), payout=payout)


@pytest.mark.real_data
def test_pystock_counted_from_its_raw_rows(real_data):
    raw = pl.read_parquet(
        real_data / "pystock_us_daily_2015_2017_raw_pit.parquet", columns=["date", "ticker"]
    )
    sessions = exchange_calendars.get_calendar("XNYS").sessions.values.astype("datetime64[D]")
    kept = raw.filter(pl.col("date").is_in(pl.Series(sessions).cast(pl.Date).implode()))
    last = kept.group_by("ticker").agg(pl.col("date").max()).sort("ticker")
    after = np.searchsorted(sessions, np.datetime64("2017-03-31"), "right") - np.searchsorted(
        sessions, last["date"].to_numpy(), "right"
    )
    bars = labelled(raw.rename({"date": "ts"}), bar_minutes=None)
    market_end = bars["ts"].max()
    assert market_end.date() == date(2017, 3, 31)
    for limit, count in ((0, 1091), (20, 1050), (22, 1049)):
        table, _ = inferred(bars, market_end=market_end, after=limit)
        gone = last.filter(pl.Series(after > limit))
        assert table["ticker"].to_list() == gone["ticker"].to_list()
        assert table.select(new_york_date(pl.col("ts"))).to_series().to_list() == gone["date"].to_list()
        assert gone.height == count
