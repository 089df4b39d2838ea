"""The universe that follows momentum: who is chosen, when, and from what."""

import math
import statistics
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from momentum_market import (
    NONSTOP,
    SETTINGS,
    WEEK,
    XNYS,
    ZONE,
    axis,
    chosen,
    daily,
    from_days,
    picks_by_hand,
    small,
    universe,
    weekdays,
)

from ploutos.data.calendars.weekdays import Weekdays
from ploutos.types import Bars, ConfigError, DataError

SPELLS = "sp500_pit_ticker_start_end_1996_2025.parquet"
DAYS = weekdays(date(2021, 3, 22), 12)  # Mon 22 ... Wed 31 March is the 8th, Thu 1 April the 9th
LAST = date(2021, 3, 31)
#         22   23   24   25   26   29   30   31 |  1    2    5    6
FLAT = [100, 101, 100, 100, 101, 100, 110, 111, 100, 101, 100, 101]  # 25 -> 30 March: + 10 %
FAST = [300, 101, 100, 100, 101, 100, 120, 60, 100, 101, 100, 101]  # + 20 %, whatever comes before and after
SLOW = [50, 51, 50, 50, 51, 50, 54, 500, 900, 999, 999, 999]  # + 8 %
SLOWER = [50, 51, 50, 50, 51, 50, 53, 51, 50, 51, 50, 51]  # + 6 %


def test_two_of_three_by_hand():
    held = chosen(small(), daily({"A": FLAT, "B": FAST, "C": SLOW}, DAYS))
    assert [day for day in DAYS if held[day]] == DAYS[7:], "in force from the close before the first session"
    assert all(held[day] == {"A", "B"} for day in DAYS[7:])


def test_equal_momentum_goes_by_ticker():
    frame = daily({name: FLAT for name in ("D", "B", "A", "C")}, DAYS)
    assert chosen(small(), frame)[LAST] == {"A", "B"}


def test_picks_come_strongest_first():
    ts, tickers = axis(frame := daily({"A": SLOW, "B": FLAT, "C": FAST}, DAYS))
    (entry,) = small(top_k=3).report(Bars(frame=frame), ts, tickers)["rebalances"]
    assert entry["picks"] == ["C", "B", "A"]
    assert (entry["date"], entry["decided"]) == ("2021-04-01", "2021-03-31T20:00:00+00:00")


@pytest.mark.parametrize(("enough", "sessions"), [(True, 4), (False, 8)])
def test_nobody_before_there_is_enough_history(enough, sessions):
    """Eight sessions up to the decision hold a window of 7 steps, not one of 8."""
    made = small(momentum_sessions=sessions, min_history=0.0)
    assert bool(chosen(made, daily({"A": FLAT, "B": FAST}, DAYS))[LAST]) is enough
    assert chosen(small(momentum_sessions=7), daily({"A": FLAT, "B": FAST}, DAYS))[LAST]


def test_the_volatility_floor_is_the_sample_deviation_a_year():
    made = small(volatility_sessions=4)
    returns = [math.log(b / a) for a, b in pairwise(FLAT[3:8])]
    floor = statistics.stdev(returns) * math.sqrt(365.25 * 5 / 7)
    frame = daily({"A": FLAT}, DAYS)
    for share, inside in ((1 - 1e-9, True), (1 + 1e-9, False)):
        made = small(volatility_sessions=4, min_volatility_annual=floor * share)
        assert bool(chosen(made, frame)[LAST]) is inside


def test_the_dollar_volume_floor_is_a_median_that_includes_itself():
    frame = daily({"A": FLAT}, DAYS, volume=1e5)
    median = statistics.median(1e5 * close for close in FLAT[5:8])
    assert chosen(small(min_dollar_volume=median), frame)[LAST] == {"A"}
    assert chosen(small(min_dollar_volume=np.nextafter(median, np.inf)), frame)[LAST] == set()


def test_a_session_without_a_bar_counts_as_no_dollar_volume():
    gap = [*FLAT[:5], None, None, *FLAT[7:]]
    made = small(min_history=0.5, carry_sessions=5, min_dollar_volume=1.0)
    assert chosen(made, daily({"A": gap, "B": FAST}, DAYS))[LAST] == {"B"}
    assert chosen(small(min_history=0.5, carry_sessions=5), daily({"A": gap, "B": FAST}, DAYS))[LAST] == {
        "A",
        "B",
    }


@pytest.mark.parametrize(("share", "inside"), [(0.8, True), (0.81, False)])
def test_history_is_a_share_of_the_sessions(share, inside):
    """One of five sessions, 25 to 31 March, is missing."""
    gap = [*FLAT[:4], None, *FLAT[5:]]
    held = chosen(small(min_history=share), daily({"A": gap, "B": FAST}, DAYS))
    assert ("A" in held[LAST]) is inside


@pytest.mark.parametrize("lost", [3, 6])
@pytest.mark.parametrize(("carry", "inside"), [(0, False), (1, True)])
def test_a_close_stands_for_a_session_without_a_bar_only_so_long(lost, carry, inside):
    gap = [*FLAT[:lost], None, *FLAT[lost + 1 :]]
    held = chosen(small(min_history=0.5, carry_sessions=carry), daily({"A": gap, "B": FAST}, DAYS))
    assert ("A" in held[LAST]) is inside


@pytest.mark.parametrize(("idle", "inside"), [(0, False), (1, True)])
def test_a_halted_name_is_not_chosen(idle, inside):
    gap = [*FLAT[:7], None, *FLAT[8:]]
    held = chosen(small(min_history=0.5, max_idle_sessions=idle), daily({"A": gap, "B": FAST}, DAYS))
    assert ("A" in held[LAST]) is inside


def test_a_name_that_ends_is_out_only_once_its_end_is_seen():
    """Its last bar is the decision's: nobody knows yet. One session earlier: it does not trade any more."""
    nothing = [None] * 4
    market = {"A": FLAT, "ON": [*FAST[:8], *nothing], "OVER": [*FAST[:7], None, *nothing]}
    frame = daily(market, DAYS)
    ended = frame.filter(pl.col("ticker") != "A").group_by("ticker").agg(pl.col("ts").max())
    table = ended.with_columns(delisting_return=pl.lit(-0.5)).sort("ticker")
    made = small(min_history=0.5, top_k=3)
    held = chosen(made, frame, delistings=table)
    assert held[LAST] == {"A", "ON"}
    assert held == chosen(made, frame), "the table of delistings, known in hindsight, decides nothing"


def test_a_symbol_that_another_company_takes_over_starts_anew():
    """X ends at 1 and comes back at 100 eight sessions before the decision: no return of + 9 900 %."""
    days = weekdays(date(2020, 10, 1), 140)
    d = max(k for k, day in enumerate(days) if day < date(2021, 4, 1))
    level = [100.0 + k % 2 for k in range(140)]
    level[d - 1] = 103.0
    reused = [1.0 if k < 30 else None if k < d - 8 else 100.0 for k in range(140)]
    frame = daily({"A": level, "X": reused}, days)
    settings = {"momentum_sessions": 20, "carry_sessions": 5}
    held = chosen(small(min_history=0.3, **settings), frame)
    assert held[days[d]] == {"A"}, "no close stands for the start of its window"
    assert chosen(small(min_history=0.0, **settings | {"carry_sessions": 200}), frame)[days[d]] == {"A", "X"}
    assert chosen(small(**settings | {"momentum_sessions": 8}), frame)[days[d]] == {"A", "X"}, (
        "its own history"
    )


@pytest.mark.parametrize(
    ("rebalance", "firsts"),
    [
        # Good Friday 2024 was the quarter's last weekday; New Year's Day and Labor Day are holidays.
        ("quarter", {date(2023, 10, 2), date(2024, 1, 2), date(2024, 4, 1), date(2024, 7, 1)}),
        ("year", {date(2024, 1, 2)}),
        ("month", {date(2023, m, d) for m, d in ((8, 1), (9, 1), (10, 2), (11, 1), (12, 1))}
         | {date(2024, m, d) for m, d in ((1, 2), (2, 1), (3, 1), (4, 1), (5, 1), (6, 3), (7, 1))}),
    ],
)  # fmt: skip
def test_periods_begin_with_their_first_session(rebalance, firsts):
    days = XNYS.sessions(date(2023, 7, 3), date(2024, 7, 3))["session"].to_list()
    frame = daily({"A": [100.0] * len(days)}, days, calendar=XNYS)
    ts, tickers = axis(frame)
    made = small(rebalance=rebalance, calendar=XNYS)
    found = made.report(Bars(frame=frame), ts, tickers)["rebalances"]
    assert {date.fromisoformat(entry["date"]) for entry in found} == firsts
    for entry in found:
        before = days[days.index(date.fromisoformat(entry["date"])) - 1]
        assert entry["decided"][:10] == before.isoformat()


def test_the_choice_changes_with_the_quarter():
    days = weekdays(date(2021, 3, 22), 80)
    turn = [date(2021, 6, 30), date(2021, 7, 1)]
    rise = {day: 1.0 for day in days} | {day: 1.5 for day in days if day > date(2021, 6, 25)}
    frame = daily(
        {"A": [*FLAT[:8], *(100.0 for _ in days[8:])], "B": [100.0 * rise[day] for day in days]}, days
    )
    held = chosen(small(top_k=1), frame)
    assert {day for day in days if held[day] == {"A"}} == {d for d in days if LAST <= d < turn[0]}
    assert {day for day in days if held[day] == {"B"}} == {d for d in days if d >= turn[0]}


def write_spells(path, rows):
    pl.DataFrame(rows, schema=["ticker", "start_date", "end_date"], orient="row").write_parquet(path)
    return str(path)


def test_index_membership_counts_on_the_first_session(tmp_path):
    """The end of a spell is the first day out, its start the first day in."""
    first = date(2021, 4, 1)
    rows = [
        ("A", first, None),
        ("B", date(2000, 1, 3), first),
        ("C", date(2000, 1, 3), first + timedelta(days=1)),
        ("D", first + timedelta(days=1), None),
        ("E", date(2000, 1, 3), date(2001, 1, 3)),
        ("E", date(2021, 1, 4), None),
    ]
    spells = write_spells(tmp_path / "spells.parquet", rows)
    frame = daily({name: FLAT for name in "ABCDEF"}, DAYS)
    assert chosen(small(top_k=9, index_spells=spells), frame)[LAST] == {"A", "C", "E"}
    assert chosen(small(top_k=9), frame)[LAST] == set("ABCDEF")


def hourly(table: pl.DataFrame, n: int, seed: int) -> pl.DataFrame:
    """Return bars of sessions that end at 10:00 (half an hour) ... 16:00 New York, some of them missing."""
    rng = np.random.default_rng(seed)
    times = table.join(pl.DataFrame({"hour": range(10, 17)}), how="cross")
    wall = pl.col("session").cast(pl.Datetime("us")) + pl.duration(hours="hour")
    times = times.with_columns(ts=wall.dt.replace_time_zone(ZONE).dt.convert_time_zone("UTC"))
    times = times.filter(pl.col("ts") <= pl.col("close")).select("ts", date="session")
    parts = []
    for k in range(n):
        close = 50 * np.exp(np.cumsum(rng.normal(0, 0.002 * (1 + k % 3), len(times))))
        part = times.with_columns(
            ticker=pl.lit(f"N{k:02d}"), close=close, volume=rng.lognormal(10, 1, len(times))
        )
        parts.append(part.filter(rng.random(len(times)) < 0.9))
    return pl.concat(parts)


def by_session(frame: pl.DataFrame) -> pl.DataFrame:
    """Return `date`, `ticker`, the last close, and a volume: its product is the session's dollar volume."""
    dollars = (pl.col("close") * pl.col("volume")).sum() / pl.col("close").last()
    last = pl.col("close").last()
    return frame.sort("ts").group_by("date", "ticker").agg(dollars.alias("volume"), last.alias("close"))


@pytest.mark.parametrize(
    ("calendar", "firsts"),
    [
        (WEEK, [(2023, 4, 3), (2023, 7, 3), (2023, 10, 2), (2024, 1, 1)]),
        (XNYS, [(2023, 4, 3), (2023, 7, 3), (2023, 10, 2), (2024, 1, 2)]),  # with early closes at 13:00
    ],
)
def test_hourly_bars_choose_as_the_sessions_they_make(calendar, firsts):
    """Across both changes of daylight saving; the choice begins at the quarter's last hour."""
    raw = hourly(calendar.sessions(date(2023, 1, 2), date(2024, 4, 5)), 12, seed=3)
    raw = raw.with_columns(open=pl.col("close"), high=pl.col("close"), low=pl.col("close"))
    frame = raw.select("ts", "ticker", "open", "high", "low", "close", "volume").sort("ticker", "ts")
    numbers = {"top_k": 4, "momentum_sessions": 60, "skip_sessions": 5, "min_volatility_annual": 0.12}
    numbers |= {"min_dollar_volume": 9e6, "volatility_sessions": 40, "dollar_volume_sessions": 30}
    ts, tickers = axis(frame)
    member = universe(**numbers, calendar=calendar).membership(Bars(frame=frame), ts, tickers)
    sessions, previous = by_session(raw), None
    for first in (date(*day) for day in firsts):
        picks = picks_by_hand(sessions, first, None, **numbers)
        assert 0 < len(picks) <= 4
        row = np.searchsorted(ts, raw.filter(pl.col("date") < first)["ts"].dt.timestamp("us").max())
        for at, names in ((row, picks), (row + 1, picks), (row - 1, previous)):
            if names is not None:
                assert {tickers[n] for n in np.flatnonzero(member[at])} == set(names)
        previous = picks


def test_a_market_that_never_closes():
    """Bars that close at midnight belong to the day before them."""
    days = [date(2021, 3, 24) + timedelta(days=k) for k in range(9)]  # Thu 1 April is the last
    ends = [pl.lit(day + timedelta(days=1)).cast(pl.Datetime("us", "UTC")) for day in days]
    closes = dict(zip("AB", ([100.0] * 9, [*[100.0] * 6, 120.0, 120.0, 120.0]), strict=True))
    parts = [
        pl.select(ts=end, ticker=pl.lit(name), close=price, volume=1.0)
        for name, series in closes.items()
        for end, price in zip(ends, series, strict=True)
    ]
    frame = pl.concat(parts).with_columns(open=pl.col("close"), high=pl.col("close"), low=pl.col("close"))
    ts, tickers = axis(frame)
    member = small(calendar=NONSTOP, top_k=1).membership(Bars(frame=frame), ts, tickers)
    assert member.any(axis=1).tolist() == [False] * 7 + [True] * 2
    assert member[7:, 1].all()


def test_splits_and_dividends_count_as_total_return():
    """Raw prices halve in a 2:1 split; a dividend of a tenth beats a rise of 8 %."""
    halved = [*FLAT[:5], *(x / 2 for x in FLAT[5:])]
    paid = [*[100.0] * 4, *[90.0] * 8]
    times = daily({"A": FLAT}, DAYS)["ts"]
    none = daily({"HALF": halved, "PAID": paid, "RISE": SLOW}, DAYS)
    table = pl.DataFrame(
        {
            "ticker": ["HALF", "PAID"],
            "ts": [times[5], times[4]],
            "split": [2.0, 1.0],
            "dividend": [0.0, 10.0],
        }
    )
    assert chosen(small(), none)[LAST] == {"PAID", "RISE"}
    assert chosen(small(), none, actions=table)[LAST] == {"HALF", "RISE"}, "PAID: 90 + 10 again is 0 %"
    ts, tickers = axis(none)
    (choice,) = small(top_k=3).decisions(Bars(frame=none, actions=table), ts, tickers)
    assert [tickers[n] for n in choice.picks] == ["HALF", "RISE", "PAID"]
    assert choice.momentum == pytest.approx([0.10, 0.08, 0.0], abs=1e-12)
    late = table.with_columns(ts=pl.lit(times[8]))
    assert chosen(small(), none, actions=late)[LAST] == chosen(small(), none)[LAST], (
        "a later action is not known"
    )


@pytest.fixture(scope="module")
def random_market():
    """Daily bars of eight names with gaps, late starts and ends, over five quarters."""
    rng, days = np.random.default_rng(5), weekdays(date(2020, 11, 2), 330)
    closes = {}
    for k in range(8):
        path = 50 * np.exp(np.cumsum(rng.normal(0, 0.01, len(days))))
        begin, end = (40 * (k % 3), len(days) - 45 * (k % 4))
        missing = rng.random(len(days)) < 0.05
        closes[f"N{k}"] = [
            None if lost or not begin <= t < end else x
            for t, (x, lost) in enumerate(zip(path, missing, strict=True))
        ]
    closes["ALL"] = [100.0 + k % 2 for k in range(len(days))]  # so that every session is on the axis
    return daily(closes, days)


LOOSE = {"top_k": 3, "momentum_sessions": 30, "skip_sessions": 5, "min_history": 0.8, "carry_sessions": 3}
LOOSE |= {"volatility_sessions": 20, "dollar_volume_sessions": 10, "max_idle_sessions": 1}


@settings(max_examples=60, deadline=None)
@given(row=st.integers(0, 329), seed=st.integers(0, 2**16), calendar=st.sampled_from([WEEK, NONSTOP]))
def test_what_comes_later_changes_no_choice(random_market, row, seed, calendar):
    """Later rows scaled, shuffled, lost, split: membership up to `row` stays as it was."""
    rng, (ts, tickers) = np.random.default_rng(seed), axis(random_market)
    made = small(**LOOSE, calendar=calendar)
    late = random_market["ts"].to_physical().to_numpy() > ts[row]
    factor = np.where(late, rng.lognormal(0, 1, len(late)), 1.0)
    names = ("open", "high", "low", "close", "volume")
    changed = random_market.with_columns(pl.col(name) * factor for name in names)
    changed = changed.filter(~late | (rng.random(len(late)) < 0.7))
    actions = changed.filter(changed["ts"].to_physical().to_numpy() > ts[row]).select("ticker", "ts").head(3)
    table = actions.with_columns(split=pl.lit(3.0), dividend=pl.lit(0.0))
    before = made.membership(Bars(frame=random_market), ts, tickers)
    after = made.membership(Bars(frame=changed, actions=table), ts, tickers)
    assert (before[: row + 1] == after[: row + 1]).all()


@settings(max_examples=60, deadline=None)
@given(row=st.integers(0, 329), calendar=st.sampled_from([WEEK, NONSTOP]))
def test_the_last_row_is_chosen_as_if_the_next_were_there(random_market, row, calendar):
    ts, tickers = axis(random_market)
    made = small(**LOOSE, calendar=calendar)
    whole = made.membership(Bars(frame=random_market), ts, tickers)
    cut = random_market.filter(pl.col("ts").to_physical() <= int(ts[row]))
    assert whole.any()
    assert (made.membership(Bars(frame=cut), ts[: row + 1], tickers) == whole[: row + 1]).all()


def test_the_calendar_says_when_the_quarter_ends(random_market):
    """Of a market that never closes, the last day of June is followed by July, whether or not it trades."""
    ts, tickers = axis(random_market)
    dates = [datetime.fromtimestamp(int(t) / 1e6, UTC).date() for t in ts]
    turns = {}
    for calendar in (WEEK, NONSTOP):
        member = small(**LOOSE, calendar=calendar).membership(Bars(frame=random_market), ts, tickers)
        turns[calendar] = [dates[t + 1] for t in np.flatnonzero((member[1:] != member[:-1]).any(axis=1))]
    # The close of 31 December, a Thursday, comes at midnight: after that day's bar, before that of 1 January.
    assert turns[WEEK][:3] == [date(2020, 12, 31), date(2021, 3, 31), date(2021, 6, 30)]
    assert turns[NONSTOP][:3] == [date(2021, 1, 1), date(2021, 4, 1), date(2021, 7, 1)]


class Announced(Weekdays):
    """A calendar whose rules end on a date."""

    def sessions(self, first, last):
        if last > date(2021, 4, 5):
            raise DataError(f"known up to 2021-04-05, not {last}")
        return super().sessions(first, last)


def test_rules_that_end_soon_do_for_the_bars_that_there_are():
    """Only the choice at the very last close would need the session after it."""
    made = small(calendar=Announced(timezone=ZONE, session_open="09:30", session_close="16:00"))
    frame = daily({"A": FLAT, "B": FAST, "C": SLOW}, DAYS)
    known = frame.filter(pl.col("ts") < pl.lit(DAYS[11]).cast(pl.Datetime("us", "UTC")))
    assert chosen(made, known) == chosen(small(), known)
    with pytest.raises(DataError, match="known up to 2021-04-05"):
        chosen(made, frame)


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_settings_choose_as_plain_python_does(random_market, data):
    draw = data.draw
    momentum = draw(st.integers(2, 60))
    changed = {
        "top_k": draw(st.integers(1, 9)),
        "momentum_sessions": momentum,
        "skip_sessions": draw(st.integers(0, momentum - 1)),
        "min_history": draw(st.sampled_from([0.0, 0.5, 0.9, 0.95, 1.0])),
        "carry_sessions": draw(st.integers(0, 8)),
        "max_idle_sessions": draw(st.integers(0, 3)),
        "volatility_sessions": draw(st.integers(2, 70)),
        "min_volatility_annual": draw(st.sampled_from([0.0, 0.14, 0.16])),
        "dollar_volume_sessions": draw(st.integers(1, 70)),
        "min_dollar_volume": draw(st.sampled_from([0.0, 3e7, 5e7])),
    }
    raw = random_market.with_columns(pl.col("ts").dt.convert_time_zone(ZONE).dt.date().alias("date"))
    ts, tickers = axis(random_market)
    found = universe(**changed).report(Bars(frame=random_market), ts, tickers)["rebalances"]
    assert len(found) == 5
    for entry in found:
        assert entry["picks"] == picks_by_hand(raw, date.fromisoformat(entry["date"]), None, **changed)


@pytest.fixture(scope="module")
def real_rows(real_data):
    frame = pl.read_parquet(real_data / "hugestock_pit_members_daily_1962_2017_adj.parquet")
    return frame.filter(pl.col("date") >= date(2000, 6, 1))


@pytest.fixture(scope="module")
def real_made(real_data):
    return universe(calendar=XNYS, index_spells=str(real_data / SPELLS))


@pytest.fixture(scope="module")
def real_found(real_rows, real_made):
    frame = from_days(real_rows, XNYS)
    ts, tickers = axis(frame)
    member, told = real_made.membership_and_report(Bars(frame=frame), ts, tickers)
    return frame, ts, tickers, member, {entry["date"]: entry for entry in told["rebalances"]}


@pytest.mark.real_data
@pytest.mark.parametrize("first", [(2003, 1, 2), (2003, 10, 1), (2009, 4, 1), (2016, 10, 3)])
def test_real_picks_of_a_quarter_from_the_raw_rows(real_rows, real_found, real_data, first):
    """2003-10: a year after a day on which the file lacks four names of ten."""
    _, ts, tickers, member, entries = real_found
    rebalance = date(*first)
    members = members_by_hand(real_data / SPELLS, rebalance)
    expected = picks_by_hand(real_rows, rebalance, members)
    assert len(expected) == 50
    assert entries[rebalance.isoformat()]["picks"] == expected
    local = pl.Series(ts).cast(pl.Datetime("us", "UTC")).dt.convert_time_zone(ZONE).dt.date()
    row = int((local < rebalance).sum()) - 1
    for at in (row, row + 1, row + 40):
        assert {tickers[n] for n in np.flatnonzero(member[at])} == set(expected)
    assert {tickers[n] for n in np.flatnonzero(member[row - 1])} != set(expected)


@pytest.mark.real_data
def test_a_real_year_of_history_comes_first(real_found):
    _, _, _, member, entries = real_found
    assert not member[:253].any()
    assert next(key for key, entry in entries.items() if entry["picks"]) == "2001-07-02"


@pytest.mark.real_data
@pytest.mark.parametrize("day", [date(2009, 3, 31), date(2009, 5, 12)])
def test_what_comes_after_a_real_close_changes_nothing_before(real_found, real_made, day):
    frame, ts, tickers, member, _ = real_found
    late = (pl.col("ts").dt.convert_time_zone(ZONE).dt.date() > day).alias("late")
    noise = np.random.default_rng(0).lognormal(0, 2, len(frame))
    wild = frame.with_columns(
        pl.when(late).then(pl.col(name) * noise).otherwise(name).alias(name) for name in ("close", "volume")
    )
    again = real_made.membership(Bars(frame=wild), ts, tickers)
    rows = len(frame.filter(~late)["ts"].unique())
    assert (again[:rows] == member[:rows]).all()
    assert (again[rows + 130 :] != member[rows + 130 :]).any()


def members_by_hand(path, day):
    """Return the names with a spell from on or before `day` to after it."""
    rows = pl.read_parquet(path).rows()
    return {ticker for ticker, start, end in rows if start <= day and (end is None or end > day)}


def test_a_window_without_a_return_is_refused():
    with pytest.raises(ConfigError, match=r"universe.skip_sessions: 252 .* Nearest: 251") as refused:
        universe(skip_sessions=252)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "changed",
    [
        {"rebalance": "quarterly"},
        {"top_k": 0},
        {"volatility_sessions": 1},
        {"min_history": 1.1},
        {"calendar": "XNYS"},
        {"calendar": None},
        {"min_dollar_volume": float("nan")},
    ],
)
def test_values_out_of_range_are_refused(changed):
    with pytest.raises(ValueError, match=next(iter(changed))):
        universe(**changed)


def test_bars_out_of_order_are_refused():
    frame = daily({"A": FLAT, "B": FAST}, DAYS)
    ts, tickers = axis(frame)
    for wrong, told in (
        (frame.reverse(), "B at .* is out of order"),
        (pl.concat([frame, frame.head(3)]), "a ticker's bars are not together"),
    ):
        with pytest.raises(DataError, match=told):
            small().membership(Bars(frame=wrong), ts, tickers)
    with pytest.raises(ConfigError, match=r"unknown value 'B'\. Nearest: 'A'"):
        small().membership(Bars(frame=frame), ts, ("A",))


def test_the_fingerprint_holds_every_setting(tmp_path):
    rows = [("A", date(2000, 1, 3), None)]
    spells = write_spells(tmp_path / "one.parquet", rows)
    base = universe().fingerprint()
    other = {"rebalance": "year", "calendar": NONSTOP, "index_spells": spells}
    for name, value in SETTINGS.items():
        different = other[name] if name in other else value / 2 if isinstance(value, float) else value + 1
        assert universe(**{name: different}).fingerprint() != base, name
    moved = write_spells(tmp_path / "two.parquet", rows)
    assert universe(index_spells=moved).fingerprint() == universe(index_spells=spells).fingerprint()
    changed = write_spells(tmp_path / "two.parquet", [*rows, ("B", date(2000, 1, 3), None)])
    assert universe(index_spells=changed).fingerprint() != universe(index_spells=spells).fingerprint()


def test_nothing_to_choose_from():
    frame = daily({"A": FLAT}, DAYS)
    empty = small().membership(Bars(frame=frame.clear()), np.empty(0, np.int64), ())
    assert empty.shape == (0, 0)
