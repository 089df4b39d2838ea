"""Lean's lines on the real files: whose a ticker was, what a split and a dividend do to prices."""

from collections import Counter
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from lean_by_hand import DAILY, XNYS, Lines, daily, hourly, lean, new_york_date

from ploutos.data.corporate.adjust import effective_rows, forward_adjusted
from ploutos.types.bars import PRICE_COLUMNS

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def lines(real_data):
    return Lines(real_data)


@pytest.fixture(scope="module")
def applied(real_data):
    return lean(real_data).apply(daily(real_data), XNYS)


@pytest.fixture(scope="module")
def applied_hourly(real_data):
    return lean(real_data).apply(hourly(real_data), XNYS)


def raw_close(real_data, ticker, *days):
    raw = pl.read_parquet(real_data / DAILY).filter(pl.col("ticker") == ticker)
    return [raw.filter(pl.col("date") == d)["close"].item() for d in days]


def references_that_disagree(bars, lines):
    """Return the companies of lines whose reference is not the close of their date, and how many agree."""
    close = {
        (ticker, when): price
        for ticker, when, price in bars.select("ticker", new_york_date(pl.col("ts")), "close").iter_rows()
    }
    agree, wrong = 0, set()
    for company, of_company in lines.factors.items():
        for when, *_, reference in of_company[1:-1]:
            price = close.get((company, when))
            if price is not None and abs(price - reference) < 0.006:
                agree += 1
            elif price is not None:
                wrong.add(company)
    return agree, wrong


def test_the_ticker_column_is_the_name_of_the_day(real_data, lines, applied):
    """The reference of a factor line is its company's raw close of that day: one reading alone fits."""
    agree, wrong = references_that_disagree(applied[0], lines)
    assert wrong == set() and agree == 650
    taken_as_permanent, *_ = lean(real_data, tickers="permanent").apply(daily(real_data), XNYS)
    _, wrong = references_that_disagree(taken_as_permanent, lines)
    assert wrong >= {"WM", "BAC"}


@pytest.mark.parametrize("read", [daily, hourly])
def test_every_row_goes_to_the_owner_of_its_name(real_data, lines, read):
    raw = read(real_data)
    days = raw.group_by("ticker", date=new_york_date(pl.col("ts"))).len()
    expected = Counter()
    for name, when, rows in days.iter_rows():
        expected[lines.owner(name, when) or f"{name}.1"] += rows
    bars, *_ = lean(real_data).apply(raw, XNYS)
    assert dict(bars.group_by("ticker").len().iter_rows()) == expected
    assert bars.equals(bars.sort("ticker", "ts"))


def test_washington_mutual_is_not_waste_management(applied):
    bars, _, told = applied
    waste, mutual = (bars.filter(pl.col("ticker") == name) for name in ("WM", "WM.1"))
    assert mutual["close"][-1] == 0.16 and mutual["ts"][-1].date() == date(2008, 9, 26)
    assert waste.height == bars.filter(pl.col("ticker") == "SPY").height == 5849  # as UW, WMI, WM: no hole
    renamed = {(row["ticker"], row["permanent"]): row for row in told["renamed"]}
    assert renamed["UW", "WM"]["last"] == "1998-07-16" and renamed["WMI", "WM"]["first"] == "1998-07-17"
    assert {row["permanent"] for row in told["unmapped"]} == {"BAC.1", "BNO.1", "EEM.1", "USO.1", "WM.1"}


def test_dropping_strangers_leaves_the_companies_as_they_are(real_data, applied):
    bars, actions, told = lean(real_data, unmapped="drop").apply(daily(real_data), XNYS)
    strangers = [row["permanent"] for row in told["unmapped"]]
    assert bars.equals(applied[0].filter(~pl.col("ticker").is_in(strangers)))
    assert actions.equals(applied[1])


@pytest.mark.parametrize("which", ["daily", "hourly"])
def test_adjusted_prices_are_the_factor_adjusted_raw_ones(lines, applied, applied_hourly, which):
    """On every ticker and row: raw x price factor x split factor, up to one constant a ticker."""
    bars, actions, _ = applied if which == "daily" else applied_hourly
    adjusted = forward_adjusted(bars, actions)
    dates = bars.select("ticker", date=new_york_date(pl.col("ts")))
    tickers = 0
    for (ticker,), rows in dates.with_row_index("row").group_by("ticker"):
        if ticker not in lines.factors:
            assert adjusted[rows["row"]].equals(bars[rows["row"]])
            continue
        scale = {when: lines.scale(ticker, when) for when in rows["date"].unique()}
        factor = np.array([scale[when] for when in rows["date"]])
        own, raw = adjusted[rows["row"]], bars[rows["row"]]
        constant = own["close"][0] / (raw["close"][0] * factor[0])
        for name in PRICE_COLUMNS:
            expected = raw[name].to_numpy() * factor * constant
            np.testing.assert_allclose(own[name].to_numpy(), expected, rtol=1e-9)
        tickers += 1
    assert tickers == (16 if which == "daily" else 7)


@pytest.mark.parametrize(
    ("ticker", "before", "after", "split"),
    [
        ("AAPL", date(2014, 6, 6), date(2014, 6, 9), 7.0),
        ("AAPL", date(2020, 8, 28), date(2020, 8, 31), 4.0),
        ("AIG", date(2009, 6, 30), date(2009, 7, 1), 1 / 20),
    ],
)
def test_returns_across_splits(real_data, applied, ticker, before, after, split):
    close_before, close_after = raw_close(real_data, ticker, before, after)
    bars, actions, _ = applied
    own = actions.filter((pl.col("ticker") == ticker) & (pl.col("split") != 1.0))
    own = own.filter(new_york_date(pl.col("ts")) == before + timedelta(days=1))
    assert own["split"].to_list() == [split]  # a simple fraction, though the lines are rounded
    expected = close_after * split / close_before - 1
    assert abs(expected) < 0.21 < abs(close_after / close_before - 1)
    assert adjusted_return(bars, actions, ticker, after) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("ticker", "before", "after", "declared"),
    [
        ("AIG", date(2011, 1, 19), date(2011, 1, 20), None),  # warrants, 16 % of the price
        ("AAPL", date(2012, 8, 8), date(2012, 8, 9), 2.65),
        ("AAPL", date(2014, 8, 6), date(2014, 8, 7), 0.47),
    ],
)
def test_returns_across_dividends(real_data, lines, applied, ticker, before, after, declared):
    close_before, close_after = raw_close(real_data, ticker, before, after)
    own = lines.factors[ticker]
    at = next(n for n, (when, *_) in enumerate(own) if when == before)
    dividend = own[at][3] * (1 - own[at][1] / own[at + 1][1])
    assert own[at][2] == own[at + 1][2]
    if declared is not None:
        assert dividend == pytest.approx(declared, abs=1e-4)
    bars, actions, _ = applied
    expected = close_after / (close_before - dividend) - 1
    assert adjusted_return(bars, actions, ticker, after) == pytest.approx(expected, abs=1e-7)


def adjusted_return(bars, actions, ticker, when):
    own = forward_adjusted(bars, actions).filter(pl.col("ticker") == ticker)
    own = own.with_columns(change=pl.col("close") / pl.col("close").shift(1) - 1)
    return own.filter(new_york_date(pl.col("ts")) == when)["change"].item()


def test_an_hourly_split_takes_effect_with_the_first_bar_of_its_session(applied_hourly):
    bars, actions, _ = applied_hourly
    split = actions.filter((pl.col("ticker") == "AAPL") & (pl.col("split") == 7.0))
    row = int(effective_rows(bars, split)[0])
    last, first = bars.row(row - 1, named=True), bars.row(row, named=True)
    assert last["ts"].isoformat() == "2014-06-06T20:00:00+00:00"
    assert first["ts"].isoformat() == "2014-06-09T14:00:00+00:00"  # 09:30 to 10:00 in New York
    assert 6.9 < last["close"] / first["open"] < 7.1
    early = bars[row : row + 1].with_columns(pl.col("ts").dt.offset_by("-5h"))  # before the market opens
    with_early = pl.concat([bars[:row], early, bars[row:]])
    assert effective_rows(with_early, split).tolist() == [row]


@pytest.mark.parametrize("cut", [date(2000, 6, 20), date(2005, 3, 1), date(2009, 6, 30), date(2014, 6, 6)])
def test_what_comes_later_changes_no_bit(real_data, applied, cut):
    """Rows and lines after the cut are not there; every adjusted price before it stays as it is."""
    bars, actions, _ = applied
    whole = forward_adjusted(bars, actions)
    known = daily(real_data).filter(new_york_date(pl.col("ts")) <= cut)
    short_bars, short_actions, _ = lean(real_data).apply(known, XNYS)
    short = forward_adjusted(short_bars, short_actions)
    assert short.equals(whole.filter(new_york_date(pl.col("ts")) <= cut))
    assert short.equals(forward_adjusted(short_bars, actions))
