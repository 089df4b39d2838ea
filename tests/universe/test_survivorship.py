"""Index spells, and the report of who could not be chosen because there are no prices."""

import json
from collections import Counter
from datetime import date, datetime

import polars as pl
import pytest
from momentum_market import XNYS, axis, daily, from_days, small, universe, weekdays

from ploutos.types import Bars, ConfigError, DataError
from ploutos.universe.membership_spells import MembershipSpells
from ploutos.universe.survivorship import NAMES_LISTED

DAYS = weekdays(date(2021, 3, 22), 12)
EPOCH = date(1970, 1, 1)
RISE = [100.0 + k for k in range(12)]


def write(path, rows, schema=("ticker", "start_date", "end_date")):
    pl.DataFrame(rows, schema=list(schema), orient="row").write_parquet(path)
    return str(path)


def report(made, frame):
    ts, tickers = axis(frame)
    return made.report(Bars(frame=frame), ts, tickers)


def on(spells, day):
    return spells.on((day - EPOCH).days)


def test_every_name_is_told_once(tmp_path):
    """Ten names: one for each filter, one candidate to spare, and three that are no candidates."""
    silent = [None] * 12
    market = {
        "BEST": [1.0, 1, 1, 1, 1.2, 1.4, 1.7, 2, 2, 2, 2, 2],
        "GOOD": [1.0, 1, 1, 1, 1.2, 1.3, 1.5, 2, 2, 2, 2, 2],
        "IDLE": [*RISE[:7], *silent[7:]],
        "YOUNG": [*silent[:5], *RISE[5:]],
        "CALM": [100.0] * 12,
        "THIN": [1e-4, 1e-4, 1e-4, 1e-4, 2e-4, 1e-4, 2e-4, 1e-4, 1e-4, 1e-4, 1e-4, 1e-4],
        "OUT": RISE,
        "GONE": [*RISE[:2], *silent[2:]],
        "SOON": [*silent[:9], *RISE[9:]],
    }
    members = [*(set(market) - {"OUT"}), "NEVER"]
    spells = write(tmp_path / "index.parquet", [(name, date(2000, 1, 3), None) for name in members])
    made = small(top_k=1, min_volatility_annual=0.01, min_dollar_volume=1e5, index_spells=spells)
    told = report(made, daily(market, DAYS))
    assert told["rebalances"] == [
        {
            "date": "2021-04-01",
            "decided": "2021-03-31T20:00:00+00:00",
            "candidates": 7,
            "failed": {"index": 1, "idle": 1, "history": 1, "volatility": 1, "dollar_volume": 1},
            "eligible": 2,
            "picks": ["BEST"],
            "index_members": 9,
            "index_without_prices": 4,
            "index_without_prices_names": ["GONE", "IDLE", "NEVER", "SOON"],
        }
    ]
    assert told["survivorship"] == {
        "dates": 1,
        "without_prices_share_mean": 4 / 9,
        "without_prices_share_max": 4 / 9,
        "members_ever": 9,
        "members_never_in_data": 1,
        "members_never_in_data_names": ["NEVER"],
    }


def test_without_an_index_there_is_no_survivorship():
    told = report(small(), daily({"A": RISE, "B": RISE}, DAYS))
    assert list(told) == ["rebalances"]
    assert list(told["rebalances"][0]["failed"]) == ["idle", "history", "volatility", "dollar_volume"]
    assert "index_members" not in told["rebalances"][0]


def test_dates_before_the_index_begins_do_not_dilute_the_share(tmp_path):
    days = weekdays(date(2021, 3, 22), 80)
    rows = [(name, date(2021, 5, 3), None) for name in ("A", "X")]
    made = small(index_spells=write(tmp_path / "index.parquet", rows))
    told = report(made, daily({"A": [100.0 + k % 3 for k in range(80)]}, days))
    assert [entry["index_members"] for entry in told["rebalances"]] == [0, 2]
    assert told["survivorship"]["dates"] == 1
    assert told["survivorship"]["without_prices_share_mean"] == 0.5


@pytest.mark.real_data
def test_the_real_report_from_the_raw_rows(real_data):
    path = real_data / "sp500_pit_ticker_start_end_1996_2025.parquet"
    raw = pl.read_parquet(real_data / "hugestock_pit_members_daily_1962_2017_adj.parquet")
    raw = raw.filter(pl.col("date").is_between(date(2008, 1, 2), date(2010, 1, 15)))
    told = report(universe(calendar=XNYS, index_spells=str(path)), from_days(raw, XNYS))
    json.dumps(told)
    sessions, spells = sorted(raw["date"].unique()), pl.read_parquet(path).rows()
    bars = Counter(raw.select("ticker", "date").rows())
    assert [entry["date"] for entry in told["rebalances"]][:3] == ["2008-04-01", "2008-07-01", "2008-10-01"]
    for entry in told["rebalances"]:
        first = date.fromisoformat(entry["date"])
        recent = [day for day in sessions if day < first][-6:]
        members = {name for name, start, end in spells if start <= first and (end is None or first < end)}
        absent = sorted(name for name in members if not any(bars[name, day] for day in recent))
        assert (entry["index_members"], entry["index_without_prices"]) == (len(members), len(absent))
        assert entry["index_without_prices_names"] == absent[:NAMES_LISTED]
        assert entry["candidates"] == entry["eligible"] + sum(entry["failed"].values())
        assert len(entry["picks"]) == min(50, entry["eligible"])
    assert told["survivorship"]["without_prices_share_mean"] > 0.4, "half of the index is not in this file"


@pytest.mark.real_data
def test_the_end_of_a_real_spell_is_its_first_day_out(real_data):
    """One name's end is its successor's start: counting it in would swell the index on the days of change."""
    path = real_data / "sp500_pit_ticker_start_end_1996_2025.parquet"
    rows = pl.read_parquet(path).rows()
    starts = {start for _, start, _ in rows}
    ends = {end for _, _, end in rows if end is not None}
    assert len(ends & starts) / len(ends) > 0.85
    spells = MembershipSpells(str(path))
    for day in sorted(ends & starts)[::25]:
        inside = on(spells, day)
        assert {name for name, _, end in rows if end == day}.isdisjoint(
            inside - {name for name, start, _ in rows if start == day}
        )
        last = {name for name, start, end in rows if start < day and end == day}
        new = {name for name, start, _ in rows if start == day}
        assert len(inside) == len(on(spells, date.fromordinal(day.toordinal() - 1))) - len(last) + len(new)
    sizes = [len(on(spells, day)) for day in sorted(ends)]
    assert min(sizes) >= 485 and max(sizes) <= 507
    # Dow Chemical: its last session was 31 August 2017; DowDuPont traded from 1 September.
    assert "DOW" in on(spells, date(2017, 8, 31)) and "DOW" not in on(spells, date(2017, 9, 1))


@pytest.mark.parametrize("kind", ["text", "datetime"])
def test_dates_may_be_text_or_date_times(tmp_path, kind):
    rows = [("A", date(2020, 1, 2), date(2020, 2, 3)), ("B", date(2020, 1, 2), None)]
    if kind == "text":
        rows = [(name, *(day and day.isoformat() for day in days)) for name, *days in rows]
    else:
        rows = [
            (name, *(day and datetime(day.year, day.month, day.day) for day in days)) for name, *days in rows
        ]
    spells = MembershipSpells(write(tmp_path / "spells.parquet", rows))
    assert on(spells, date(2020, 1, 1)) == set()
    assert on(spells, date(2020, 1, 2)) == on(spells, date(2020, 2, 2)) == {"A", "B"}
    assert on(spells, date(2020, 2, 3)) == {"B"}


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (("A", "2020-01-02", "2020-01-02"), "spell of A from 2020-01-02 to 2020-01-02 ends before it starts"),
        (
            ("A", "02/01/2020", None),
            r"start_date is '02/01/2020' in row 2, .*; %m/%d/%Y reads 2020-02-01, %d/%m/%Y",
        ),
        (("A", None, "2020-02-03"), "has no start_date"),
        (
            ("A", "2020-01-02", "soon"),
            r"spell of A: end_date is 'soon' in row 2, must be a date \(YYYY-MM-DD\)$",
        ),
        ((None, "2020-01-02", "2020-02-03"), "has no ticker"),
    ],
)
def test_spells_that_make_no_sense_are_refused(tmp_path, row, told):
    path = write(tmp_path / "spells.parquet", [("B", "2000-01-03", "2001-01-03"), row])
    with pytest.raises(DataError, match=told) as refused:
        MembershipSpells(path)
    assert "\n" not in str(refused.value)


def test_a_wrong_file_is_told_with_the_nearest(tmp_path):
    path = write(tmp_path / "spells.parquet", [("A", 5, 6)])
    with pytest.raises(DataError, match="column 'start_date' is Int64"):
        MembershipSpells(path)
    with pytest.raises(DataError, match=r"Nearest: '.*spells\.parquet'"):
        MembershipSpells(str(tmp_path / "spell.parquet"))
    path = write(tmp_path / "named.parquet", [("A", "2020-01-02", None)], ("ticker", "start", "end_date"))
    with pytest.raises(DataError, match=r"column 'start_date' is missing\. Nearest: 'start'"):
        MembershipSpells(path)


def test_symbols_of_another_kind_are_refused(tmp_path):
    rows = [("AAPL US Equity", date(2000, 1, 3), None)]
    made = small(index_spells=write(tmp_path / "spells.parquet", rows))
    frame = daily({"AAPL": RISE, "MSFT": RISE}, DAYS)
    with pytest.raises(ConfigError, match=r"such as 'AAPL US Equity'\. Nearest: 'AAPL'"):
        report(made, frame)
