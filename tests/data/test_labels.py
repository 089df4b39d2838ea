"""Bars labelled by their close: against a loop over rows, by hand, and on real files."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import exchange_calendars
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_bars import NOTHING, slow_labels

from ploutos.data.calendars.always_open import AlwaysOpen
from ploutos.data.calendars.exchange import Exchange
from ploutos.data.calendars.forex import Forex
from ploutos.data.calendars.weekdays import Weekdays
from ploutos.data.labels import label_bars
from ploutos.types import DataError

NEW_YORK = ZoneInfo("America/New_York")
XNYS = Exchange(code="XNYS")
FOREX = Forex(timezone="America/New_York", day_starts="17:00")
HOURLY = {"label": "open", "bar_minutes": 60, "input_timezone": "America/New_York", "calendar": XNYS}
DAILY = {"bar_minutes": None, "input_timezone": "UTC", "calendar": XNYS, "partial_bars": "drop"}


def frame(times, dtype=None):
    return pl.DataFrame({"ts": pl.Series(times, dtype=dtype), "ticker": "A"}).with_row_index("row")


def new_york(ts):
    """Return the wall times of a column of instants."""
    return [time.astimezone(NEW_YORK).strftime("%H:%M") for time in ts]


def closes_of(first, last):
    """Return {date: close in New York wall time} from the package itself."""
    days = exchange_calendars.get_calendar("XNYS", start=first, end=last)
    closes = days.closes.dt.tz_convert("America/New_York")
    return {day.date(): close.to_pydatetime() for day, close in closes.items()}


CALENDARS = {
    "XNYS": XNYS,
    "forex": FOREX,
    "UTC": AlwaysOpen(timezone="UTC", day_starts="00:00"),
    "New York": AlwaysOpen(timezone="America/New_York", day_starts="00:00"),
    "early": Weekdays(timezone="America/New_York", session_open="00:30", session_close="04:00"),
}
# New York's clocks went forward on March 10 and back on November 3, Helsinki's on March 31 and October 27; on
# November 29 New York closed early.
WEEKS = [datetime(2024, 3, 8), datetime(2024, 3, 29), datetime(2024, 10, 25), datetime(2024, 11, 1)]
WEEKS.append(datetime(2024, 11, 28))


@settings(deadline=None, max_examples=60)
@given(
    calendar=st.sampled_from(sorted(CALENDARS)),
    week=st.sampled_from(WEEKS),
    quarters=st.lists(st.integers(0, 4 * 96), min_size=1, max_size=30),
    bar_minutes=st.sampled_from([5, 15, 45, 60, 240, 400, 1440, 2000]),
    label=st.sampled_from(["open", "close"]),
    zone=st.sampled_from(["America/New_York", "Europe/Helsinki", "aware"]),
    partial_bars=st.sampled_from(["drop", "clip"]),
)
def test_bars_are_those_of_a_loop_over_rows(calendar, week, quarters, bar_minutes, label, zone, partial_bars):
    rows = [(week + timedelta(minutes=15 * q), f"{i:02}") for i, q in enumerate(quarters)]
    if zone == "aware":
        rows = [(ts.replace(tzinfo=UTC), ticker) for ts, ticker in rows]
    chosen = CALENDARS[calendar]
    how = {"label": label, "bar_minutes": bar_minutes, "partial_bars": partial_bars}
    how["input_timezone"] = "UTC" if zone == "aware" else zone
    sessions = chosen.sessions(date(2024, 2, 26), date(2024, 12, 9)).rows()
    expected, counts = slow_labels(rows, sessions, **how)
    found, told = label_bars(
        pl.DataFrame(rows, schema=["ts", "ticker"], orient="row"), calendar=chosen, **how
    )
    assert found.rows() == sorted(expected, key=lambda row: row[1])
    assert told == counts
    assert found.schema["ts"] == pl.Datetime("us", "UTC")


def test_the_half_hour_first_bar_and_the_early_close():
    day = [datetime(2024, 11, 29, hour) for hour in range(8, 17)]
    clipped, told = label_bars(frame(day), **HOURLY, partial_bars="clip")
    assert new_york(clipped["ts"]) == ["10:00", "11:00", "12:00", "13:00"]
    assert clipped["row"].to_list() == [1, 2, 3, 4]
    assert told == NOTHING | {"rows_clipped": 1, "rows_outside_session": 5}
    dropped, told = label_bars(frame(day), **HOURLY, partial_bars="drop")
    assert new_york(dropped["ts"]) == ["11:00", "12:00", "13:00"]
    assert told == NOTHING | {"rows_mixed_bar": 1, "rows_outside_session": 5}


def test_hours_counted_from_the_open_end_with_a_half_hour():
    """As yfinance gives them: 09:30, 10:30, ..., 15:30."""
    day = [datetime(2024, 11, 27, hour, 30) for hour in range(9, 16)]
    clipped, _ = label_bars(frame(day), **HOURLY, partial_bars="clip")
    assert new_york(clipped["ts"]) == ["10:30", "11:30", "12:30", "13:30", "14:30", "15:30", "16:00"]


def test_a_bar_that_reaches_into_two_sessions_is_never_clipped():
    times = [datetime(2024, 3, 12, 16, 30), datetime(2024, 3, 12, 17)]
    found, told = label_bars(frame(times), **HOURLY | {"calendar": FOREX}, partial_bars="clip")
    assert found["row"].to_list() == [1] and told == NOTHING | {"rows_mixed_bar": 1}


def test_times_that_no_clock_shows_or_that_it_shows_twice():
    times = [datetime(2024, 3, 10, 2, 30), datetime(2024, 11, 3, 1, 30), datetime(2024, 11, 3, 3), None]
    always = AlwaysOpen(timezone="UTC", day_starts="00:00")
    found, told = label_bars(frame(times), **HOURLY | {"calendar": always}, partial_bars="drop")
    assert found["ts"].to_list() == [datetime(2024, 11, 3, 9, tzinfo=UTC)]
    assert told == NOTHING | {"rows_impossible_time": 3}
    _, told = label_bars(frame(times[1:2]), **HOURLY, partial_bars="drop")
    assert told == NOTHING | {"rows_outside_session": 1}  # no Sunday session, whichever it was


class Morning:
    """Open from 01:00 to 09:00 UTC on the Sunday on which Helsinki's clocks went back, at 01:00 UTC."""

    timezone, day_starts, sessions_per_year = "UTC", "00:00", 261.0

    def sessions(self, first, last):
        day = datetime(2024, 10, 27, tzinfo=UTC)
        row = (day.date(), day + timedelta(hours=1), day + timedelta(hours=9))
        return pl.DataFrame([row], schema=["session", "open", "close"], orient="row")


def test_of_two_times_on_one_clock_the_one_in_the_session_is_meant():
    """03:30 in Helsinki was 00:30 UTC, and an hour later 01:30 UTC."""
    how = {
        "bar_minutes": 30,
        "input_timezone": "Europe/Helsinki",
        "calendar": Morning(),
        "partial_bars": "drop",
    }
    found, told = label_bars(frame([datetime(2024, 10, 27, 3, 30)]), label="open", **how)
    assert found["ts"].to_list() == [datetime(2024, 10, 27, 2, tzinfo=UTC)] and told == NOTHING
    found, told = label_bars(frame([datetime(2024, 10, 27, 3)]), label="close", **how)
    assert found.is_empty() and told == NOTHING | {"rows_outside_session": 1}


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "America/New_York", "UTC"])
def test_units_and_zones_of_the_input_do_not_matter(unit, zone):
    times = pl.Series([datetime(2024, 3, 11, 14, tzinfo=UTC), None]).dt.cast_time_unit(unit)
    times = times.dt.convert_time_zone(zone or "America/New_York")
    times = times if zone else times.dt.replace_time_zone(None)
    found, told = label_bars(frame(times), **HOURLY, partial_bars="drop")
    assert found["ts"].to_list() == [datetime(2024, 3, 11, 15, tzinfo=UTC)]
    assert found["ts"].dtype == pl.Datetime("us", "UTC") and told["rows_impossible_time"] == 1


DAYS = [date(2024, 3, 8), date(2024, 3, 11), date(2024, 7, 3), date(2024, 11, 4)]


def stamps(hour, minute, zone):
    return [datetime(d.year, d.month, d.day, hour, minute, tzinfo=ZoneInfo(zone)) for d in DAYS]


@pytest.mark.parametrize(
    ("times", "labels"),
    [
        (DAYS, ["open", "close"]),
        ([datetime(d.year, d.month, d.day) for d in DAYS], ["open", "close"]),
        (stamps(0, 0, "UTC"), ["open", "close"]),
        ([t.astimezone(UTC) for t in stamps(0, 0, "America/New_York")], ["open", "close"]),
        ([t.astimezone(UTC) for t in stamps(9, 30, "America/New_York")], ["open"]),
        ([t.astimezone(UTC) for t in stamps(16, 0, "America/New_York")], ["close"]),
    ],
    ids=["dates", "naive midnight", "midnight UTC", "midnight New York", "opens", "closes"],
)
def test_daily_rows_are_labelled_by_the_close_of_their_date(times, labels):
    expected = [
        datetime(2024, 3, 8, 21, tzinfo=UTC),
        datetime(2024, 3, 11, 20, tzinfo=UTC),
        datetime(2024, 7, 3, 17, tzinfo=UTC),
        datetime(2024, 11, 4, 21, tzinfo=UTC),
    ]
    for label in labels:
        found, told = label_bars(frame(times), label=label, **DAILY)
        assert found["ts"].to_list() == expected and told == NOTHING


def test_daily_rows_of_a_market_that_closes_at_midnight():
    always = AlwaysOpen(timezone="UTC", day_starts="00:00")
    midnight = frame([datetime(2024, 1, 6, tzinfo=UTC)])
    for label, expected in {"open": datetime(2024, 1, 7), "close": datetime(2024, 1, 6)}.items():
        found, _ = label_bars(midnight, label=label, **DAILY | {"calendar": always})
        assert found["ts"].to_list() == [expected.replace(tzinfo=UTC)]


def test_daily_rows_of_other_days_are_dropped_and_counted():
    days = [date(2024, 11, 28), None, date(2024, 11, 29), date(2024, 11, 30)]
    found, told = label_bars(frame(days), label="close", **DAILY)
    assert new_york(found["ts"]) == ["13:00"]
    assert told == NOTHING | {"rows_no_session": 2, "rows_impossible_time": 1}


def test_an_empty_frame_and_one_of_which_nothing_is_left():
    for how in ({"label": "open", **DAILY}, {**HOURLY, "partial_bars": "drop"}):
        for times in ([], [None]):
            found, _ = label_bars(frame(times, pl.Datetime("us")), **how)
            assert found.is_empty() and found.schema["ts"] == pl.Datetime("us", "UTC")


def test_what_cannot_be_labelled_is_refused():
    twice = frame([datetime(2024, 11, 27, 15, 30), datetime(2024, 11, 27, 15, 45)])
    with pytest.raises(
        DataError, match=r"^ticker A: two bars close at 2024-11-27T21:00:00\+00:00, in 1 places"
    ):
        label_bars(twice, **HOURLY, partial_bars="clip")
    with pytest.raises(DataError, match=r"^ts has type Date: bars of some minutes need times"):
        label_bars(frame([date(2024, 1, 2)]), **HOURLY, partial_bars="drop")
    with pytest.raises(DataError, match=r"^ts has type String, must be a date or a date-time"):
        label_bars(frame(["2024-01-02"]), label="open", **DAILY)


@pytest.mark.real_data
def test_extended_hours_in_utc_become_six_bars_a_session(real_data):
    raw = pl.read_parquet(real_data / "ploutos_us_hourly_2020_2026_UTC.parquet").filter(ticker="AAPL")
    found, told = label_bars(raw, **HOURLY | {"input_timezone": "UTC"}, partial_bars="drop")
    days = closes_of("2020-02-18", "2026-02-13")
    expected = {day.replace(hour=hour, minute=0) for day in days.values() for hour in range(11, day.hour + 1)}
    assert {ts.astimezone(NEW_YORK) for ts in found["ts"]} == expected
    early = sum(close.hour == 13 for close in days.values())
    assert found.height == 6 * len(days) - 3 * early and early > 10
    # The bar of 09:00 New York time of every session mixes the pre-market with the session.
    nine = raw.filter(pl.col("ts").dt.convert_time_zone("America/New_York").dt.hour() == 9)
    on_session = nine["ts"].dt.date().is_in(list(days)).sum()
    assert told["rows_mixed_bar"] == on_session
    assert told["rows_outside_session"] == raw.height - found.height - on_session
    around = found.filter(pl.col("ts").dt.date().is_in([date(2024, 3, 8), date(2024, 3, 11)]))
    assert around["ts"].dt.hour().to_list() == [16, 17, 18, 19, 20, 21, 15, 16, 17, 18, 19, 20]


@pytest.mark.real_data
def test_session_hours_in_wall_time_keep_their_half_hour(real_data):
    raw = pl.read_parquet(real_data / "lean_us_hourly_1998_2021_raw_ET.parquet").filter(ticker="SPY")
    found, told = label_bars(raw, **HOURLY, partial_bars="clip")
    days = closes_of("1998-01-02", "2021-03-31")
    early = {day for day, close in days.items() if close.hour == 13}
    late = raw.filter(pl.col("ts").dt.date().is_in(list(early)) & (pl.col("ts").dt.hour() >= 13))
    assert told["rows_outside_session"] == late.height > 20  # prints after the early closes until 2008
    walls = Counter(new_york(found["ts"]))
    assert sorted(walls) == ["10:00", "11:00", "12:00", "13:00", "14:00", "15:00", "16:00"]
    nine = raw.filter(pl.col("ts").dt.hour() == 9)
    assert walls["10:00"] == told["rows_clipped"] == nine.height
    first = found.filter(pl.col("ts").dt.convert_time_zone("America/New_York").dt.hour() == 10)
    assert first["open"].to_list() == nine["open"].to_list()
    ends = found.group_by(day=pl.col("ts").dt.date()).agg(pl.col("ts").max())
    ends = ends.filter(pl.col("day").is_in(list(early)))
    assert set(new_york(ends["ts"])) == {"13:00"} and ends.height == len(early & set(raw["ts"].dt.date()))
    assert told["rows_mixed_bar"] == told["rows_impossible_time"] == 0


@pytest.mark.real_data
def test_daily_files_hold_a_few_rows_on_holidays(real_data):
    raw = pl.read_parquet(real_data / "hugestock_pit_members_daily_1962_2017_adj.parquet").rename(
        {"date": "ts"}
    )
    raw = raw.filter(pl.col("ts").dt.year().is_between(1970, 1989))
    found, told = label_bars(raw, label="open", **DAILY)
    # Good Friday of 1978 and hurricane Gloria.
    wrong = raw.filter(pl.col("ts").is_in([date(1978, 3, 24), date(1985, 9, 27)]))
    assert told == NOTHING | {"rows_no_session": wrong.height} and wrong.height == 10
    assert found.height == raw.height - wrong.height
    dated = found.select(pl.col("ts").dt.convert_time_zone("America/New_York").dt.date(), "ticker", "close")
    kept = raw.join(wrong, on=["ts", "ticker"], how="anti").select("ts", "ticker", "close")
    assert dated.equals(kept.sort("ticker", "ts"))


@pytest.mark.real_data
def test_the_currency_file_keeps_the_clocks_of_eastern_europe(real_data):
    """Nobody says in which zone the file is; where its weeks begin and end does.

    From 2015 on its weeks last from Monday 00:00 to the end of Friday, but to 23:00 in the weeks of March and
    October in which New York has changed its clocks and Europe has not. The market closes at 17:00 in New
    York: that is midnight in a zone seven hours ahead with European daylight saving, such as Europe/Helsinki.
    """
    raw = pl.read_parquet(real_data / "fx_gold_hourly_2012_2022.parquet").filter(ticker="GBPUSD")
    how = {"label": "open", "bar_minutes": 60, "calendar": FOREX, "partial_bars": "drop"}
    outside = {}
    for zone in ("Europe/Helsinki", "Etc/GMT-2", "UTC", "America/New_York"):
        found, _ = label_bars(raw, input_timezone=zone, **how)
        outside[zone] = raw.height - found.height
        if zone == "Europe/Helsinki":
            kept = found
    assert outside["Europe/Helsinki"] == 1  # a single tick after the close of 2018-03-16
    assert min(outside[zone] for zone in outside if zone != "Europe/Helsinki") > 100
    recent = kept.filter(pl.col("ts").dt.year() >= 2015)
    evening = pl.col("ts").dt.convert_time_zone("America/New_York").dt.replace_time_zone(None)
    week = (evening + pl.duration(hours=7, microseconds=-1)).dt.truncate("1w")
    ends = recent.group_by(week.alias("week")).agg(pl.col("ts").max())["ts"]
    walls = Counter(end.astimezone(NEW_YORK).strftime("%a %H:%M") for end in ends)
    assert walls["Fri 17:00"] / walls.total() > 0.97
