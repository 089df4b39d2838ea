"""From raw files to the panel's actions and the ledger, each figure computed from the raw rows and lines."""

import time
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from lean_by_hand import DAILY, HOURLY, XNYS, Lines, daily, hourly, lean, new_york_date

from hand_market import cash_account
from ploutos.data.calendars.calendar import session_clock
from ploutos.env.market import Market
from ploutos.execution.costs.fixed_bps import FixedBps
from ploutos.execution.fill.next_open import NextOpen
from ploutos.execution.ledger import Ledger
from ploutos.execution.outcome import Outcome
from ploutos.execution.stops.no_stops import NoStops
from ploutos.execution.venue import Venue
from ploutos.panel.actions import corporate_actions
from ploutos.panel.assemble import assemble
from ploutos.types import Bars, ConfigError
from ploutos.universe.static import Static

PAGE = Path(__file__).parents[2] / "docs" / "corporate_actions.md"
CAPITAL = 100_000.0
FIRST, LAST = date(2014, 6, 5), date(2014, 8, 8)


class Nothing:
    """No features and no macro columns."""

    warmup_bars = 0

    def names(self, signals):
        return ()

    def compute(self, frame, signals):
        return frame.select("ts", "ticker")

    def columns(self, ts):
        return (), np.zeros((len(ts), 0), np.float32)


def hold_apple(real_data, read, *, first=FIRST, last=LAST, ticker="AAPL", cost_bps=10.0, whole_shares=False):
    """Buy with half of the capital at the second bar's open, then hold; return the ledger after every bar."""
    inside = new_york_date(pl.col("ts")).is_between(first, last) & (pl.col("ticker") == ticker)
    frame, actions, _ = lean(real_data).apply(read(real_data).filter(inside), XNYS)
    bars = Bars(frame=frame, actions=actions)
    panel = assemble(bars, Static(tickers=None), Nothing(), Nothing(), clock=session_clock(XNYS))
    market = Market.of(panel)
    venue = Venue.of(
        market.roster,
        market.tape,
        account=cash_account(whole_shares=whole_shares),
        costs=FixedBps(cost_bps=cost_bps),
        fill=NextOpen(),
        stops=NoStops(),
    )
    ledger, told = Ledger.open(1, 1, CAPITAL), []
    for row in range(len(panel.ts) - 1):
        targets = np.full((1, 1), 0.5 if row == 0 else np.nan)
        outcome = Outcome.empty(1, 1, detailed=True)
        venue.step(ledger, targets, np.zeros(1, np.int64), np.array([row], np.int64), outcome)
        told.append((float(ledger.cash[0]), float(ledger.shares[0, 0]), float(ledger.equity[0])))
    return SimpleNamespace(told=told, panel=panel, actions=actions)


def by_hand(rows, events, *, cost_bps=10.0):
    """Return cash, shares and equity after each row from the second on; `rows`: (date, open, close)."""
    shares = 0.5 * CAPITAL / rows[0][2]
    cash = CAPITAL - shares * rows[1][1] * (1 + cost_bps / 1e4)
    told, seen = [(cash, shares, cash + shares * rows[1][2])], rows[1][0]
    for when, _, close in rows[2:]:
        if when != seen:
            split, dividend = events.get(when, (1.0, 0.0))
            shares *= split
            cash += shares * dividend
            seen = when
        told.append((cash, shares, cash + shares * close))
    return told


def dividend_of(real_data, ticker, last_day_with):
    lines = Lines(real_data).factors[ticker]
    at = next(n for n, (when, *_) in enumerate(lines) if when == last_day_with)
    return lines[at][3] * (1 - lines[at][1] / lines[at + 1][1])


@pytest.mark.real_data
@pytest.mark.parametrize(("file", "read"), [(DAILY, daily), (HOURLY, hourly)])
def test_apple_across_its_split_and_a_dividend(real_data, file, read):
    raw = pl.read_parquet(real_data / file).filter(pl.col("ticker") == "AAPL")
    when = "date" if file == DAILY else "ts"
    raw = raw.with_columns(date=pl.col(when).cast(pl.Date)).filter(pl.col("date").is_between(FIRST, LAST))
    if file == HOURLY:
        raw = raw.filter((pl.col("ts").dt.hour() < 13) | (pl.col("date") != date(2014, 7, 3)))  # early close
    dividend = dividend_of(real_data, "AAPL", date(2014, 8, 6))
    assert dividend == pytest.approx(0.47, abs=1e-4)
    events = {date(2014, 6, 9): (7.0, 0.0), date(2014, 8, 7): (1.0, dividend)}
    rows = raw.sort(when).select("date", "open", "close").rows()
    told = hold_apple(real_data, read).told
    expected = by_hand(rows, events)
    assert len(told) == len(expected)
    np.testing.assert_allclose(told, expected, rtol=1e-12)
    assert abs(told[-1][2] / CAPITAL - 1) < 0.05  # a missed 7:1 split would have cost 43 % of the capital


@pytest.mark.real_data
def test_whole_shares_stay_whole_across_a_rounded_split(real_data):
    """The lines say 6.9999972 for one; read as 7, no share turns into cash."""
    cash, shares = zip(
        *((c, s) for c, s, _ in hold_apple(real_data, daily, whole_shares=True).told), strict=True
    )
    assert shares[0] == np.trunc(0.5 * CAPITAL / 647.35) == 77.0
    assert set(shares) == {77.0, 539.0} and cash[0] == cash[1] == cash[2]


@pytest.mark.real_data
def test_aig_across_its_reverse_split(real_data):
    held = hold_apple(
        real_data, daily, ticker="AIG", first=date(2009, 6, 26), last=date(2009, 7, 6), cost_bps=0.0
    )
    raw = pl.read_parquet(real_data / DAILY).filter(pl.col("ticker") == "AIG")
    raw = raw.filter(pl.col("date").is_between(date(2009, 6, 26), date(2009, 7, 6)))
    rows = raw.select("date", "open", "close").rows()
    expected = by_hand(rows, {date(2009, 7, 1): (0.05, 0.0)}, cost_bps=0.0)
    np.testing.assert_allclose(held.told, expected, rtol=1e-12)


@pytest.mark.real_data
def test_the_page_tells_what_the_ledger_does(real_data):
    told = hold_apple(real_data, daily)
    dates = [str(d) for d in np.array(told.panel.ts[1:], "datetime64[us]").astype("datetime64[D]")]
    found = dict(zip(dates, told.told, strict=True))
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.read_text().splitlines()
        if line.startswith("| 2014-")
    ]
    assert [row[0] for row in rows] == ["2014-06-06", "2014-06-09", "2014-08-06", "2014-08-07", "2014-08-08"]
    for day, close, cash, shares, equity in rows:
        have = found[day]
        assert (f"{have[0]:.2f}", f"{have[1]:.4f}", f"{have[2]:.2f}") == (cash, shares, equity), day
        assert float(close) == pytest.approx((have[2] - have[0]) / have[1])


def frame_of(tickers, bars):
    start = datetime(2020, 1, 1, 21, tzinfo=UTC)
    ts = pl.datetime_range(start, interval="1d", end=start.replace(year=2030), time_unit="us", eager=True)[
        :bars
    ]
    names = pl.Series("ticker", [f"T{n:05}" for n in range(tickers)])
    return names.to_frame().join(ts.alias("ts").to_frame(), how="cross").with_columns(close=100.0)


def test_the_panel_merges_what_falls_on_one_bar():
    frame = frame_of(2, 4).with_row_index().filter(pl.col("index") != 1).drop("index")
    ts = np.unique(frame["ts"].to_physical().to_numpy())
    days = frame["ts"].unique().sort()
    rows = [
        ("T00001", 3, 2.0, 0.0),
        ("T00000", 1, 2.0, 1.0),
        ("T00000", 2, 3.0, 0.5),
        ("T00001", 3, 1.0, 0.25),
    ]
    actions = pl.DataFrame(
        {
            "ticker": [r[0] for r in rows],
            "ts": [days[r[1]] for r in rows],
            "split": [r[2] for r in rows],
            "dividend": [r[3] for r in rows],
        }
    )
    told = corporate_actions(Bars(frame=frame, actions=actions), ts, ("T00000", "T00001"))
    assert {name: values.tolist() for name, values in told.items()} == {
        "action_bar": [2, 3],
        "action_asset": [0, 1],
        "action_split": [6.0, 2.0],  # T00000 has no bar 1: both actions meet on bar 2
        "action_dividend": [1.0 / 3.0 + 0.5, 0.25],
    }
    with pytest.raises(ConfigError, match="unknown value 'T9'"):
        corporate_actions(
            Bars(frame=frame, actions=actions.with_columns(ticker=pl.lit("T9"))), ts, ("T00000", "T00001")
        )


def seconds_for(tickers):
    frame = frame_of(tickers, 100)
    actions = frame.filter(pl.col("ts").dt.day() == 15).select("ticker", "ts", split=2.0, dividend=0.5)
    bars, ts = Bars(frame=frame, actions=actions), np.unique(frame["ts"].to_physical().to_numpy())
    names = tuple(frame["ticker"].unique().sort())
    best = np.inf
    for _ in range(3):
        start = time.process_time()
        told = corporate_actions(bars, ts, names)
        best = min(best, time.process_time() - start)
    assert len(told["action_bar"]) == 3 * tickers
    return best


def test_the_panel_takes_time_in_proportion_to_its_tickers():
    small, large = seconds_for(500), seconds_for(4000)
    assert large < 24 * small + 0.05  # 8 times as many; the square would be 64
