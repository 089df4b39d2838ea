"""Sessions of exchanges, currencies and markets that never close; dates of bars."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import exchange_calendars
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ploutos.data.calendars.always_open import AlwaysOpen
from ploutos.data.calendars.calendar import microseconds, session_clock, sessions_between
from ploutos.data.calendars.exchange import Exchange
from ploutos.data.calendars.forex import Forex
from ploutos.data.calendars.weekdays import Weekdays
from ploutos.data.synthetic_calendar import session_dates
from ploutos.types import ConfigError, DataError
from ploutos.types.session import SessionClock

EPOCH = datetime(1970, 1, 1)
NEW_YORK = ZoneInfo("America/New_York")
FOREX = {"timezone": "America/New_York", "day_starts": "17:00"}
CALENDARS = {
    "XNYS": lambda: Exchange(code="XNYS"),
    "XLON": lambda: Exchange(code="XLON"),
    "XHKG": lambda: Exchange(code="XHKG"),
    "XASX": lambda: Exchange(code="XASX"),
    "CMES": lambda: Exchange(code="CMES"),
    "us_futures": lambda: Exchange(code="us_futures"),
    "24/5": lambda: Exchange(code="24/5"),
    "forex": lambda: Forex(**FOREX),
    "always_open": lambda: AlwaysOpen(timezone="UTC", day_starts="00:00"),
    "always_open_sao_paulo": lambda: AlwaysOpen(timezone="America/Sao_Paulo", day_starts="00:00"),
    "always_open_evening": lambda: AlwaysOpen(timezone="America/Chicago", day_starts="16:30"),
    "weekdays": lambda: Weekdays(timezone="Asia/Tokyo", session_open="09:00", session_close="15:30"),
}


def local(session, column):
    """Return the wall time of one session's open or close in New York."""
    return session[column].astimezone(NEW_YORK).strftime("%H:%M")


@pytest.mark.parametrize("code", ["XNYS", "XLON", "XETR", "XTKS", "CMES"])
def test_sessions_are_those_of_exchange_calendars(code):
    schedule = exchange_calendars.get_calendar(code, start="2019-01-01", end="2024-12-31").schedule
    expected = [
        (day.date(), row.open.to_pydatetime(), row.close.to_pydatetime()) for day, row in schedule.iterrows()
    ]
    assert Exchange(code=code).sessions(date(2019, 1, 1), date(2024, 12, 31)).rows() == expected


def test_holidays_early_closes_and_daylight_saving_of_new_york():
    calendar = Exchange(code="XNYS")
    year = {row["session"]: row for row in calendar.sessions(date(2024, 1, 1), date(2024, 12, 31)).to_dicts()}
    assert len(year) == 252
    assert date(2024, 11, 28) not in year and date(2024, 12, 25) not in year
    early = [day for day, row in year.items() if local(row, "close") == "13:00"]
    assert early == [date(2024, 7, 3), date(2024, 11, 29), date(2024, 12, 24)]
    assert {local(row, "open") for row in year.values()} == {"09:30"}
    # Clocks went forward on March 10 and back on November 3.
    opens = {day: year[day]["open"].strftime("%H:%M") for day in (date(2024, 3, 8), date(2024, 3, 11))}
    assert list(opens.values()) == ["14:30", "13:30"]
    closes = [year[day]["close"].strftime("%H:%M") for day in (date(2024, 11, 1), date(2024, 11, 4))]
    assert closes == ["20:00", "21:00"]


def test_days_on_which_new_york_stayed_closed():
    calendar = Exchange(code="XNYS")
    week = calendar.sessions(date(2001, 9, 10), date(2001, 9, 17))["session"].to_list()
    assert week == [date(2001, 9, 10), date(2001, 9, 17)]
    assert calendar.sessions(date(1985, 9, 27), date(1985, 9, 27)).is_empty()  # hurricane Gloria
    assert (
        calendar.sessions(date(2024, 1, 6), date(2024, 1, 7)).schema
        == calendar.sessions(date(2024, 1, 8), date(2024, 1, 8)).schema
    )


def test_a_window_does_not_depend_on_what_was_asked_before():
    calendar = Exchange(code="XNYS")
    years = calendar.sessions(date(2015, 1, 1), date(2016, 12, 31))
    window = calendar.sessions(date(2015, 12, 20), date(2016, 1, 10))
    assert window.equals(years.filter(pl.col("session").is_between(date(2015, 12, 20), date(2016, 1, 10))))


def test_codes_aliases_and_the_nearest_code():
    assert Exchange(code="NASDAQ").code == Exchange(code="xnys").code == "XNYS"
    with pytest.raises(
        ConfigError, match=r"^exchange calendar code: unknown value 'XNYSE'\. Nearest: 'XNYS'"
    ):
        Exchange(code="XNYSE")


def test_dates_beyond_the_rules_are_refused():
    with pytest.raises(
        DataError, match=r"'XHKG' knows the sessions from 1960-01-01 to 2049-12-31, not those"
    ):
        Exchange(code="XHKG").sessions(date(1959, 12, 31), date(1960, 2, 1))


def test_a_calendar_that_the_package_cannot_compute_is_one_line(monkeypatch):
    def fails(code, **bounds):
        raise NotImplementedError("no such holiday\nmore")

    monkeypatch.setattr(exchange_calendars, "get_calendar", fails)
    with pytest.raises(ConfigError, match=r"^exchange calendar 'XPHS' cannot be computed: no such holiday$"):
        Exchange(code="XPHS")


def test_the_week_of_currencies():
    calendar = Forex(**FOREX)
    week = calendar.sessions(date(2024, 3, 8), date(2024, 3, 12)).to_dicts()
    assert [row["session"].strftime("%a %d") for row in week] == ["Fri 08", "Mon 11", "Tue 12"]
    assert week[0]["close"] == datetime(2024, 3, 8, 22, tzinfo=UTC)  # 17:00 in winter
    assert week[1]["open"] == datetime(2024, 3, 10, 21, tzinfo=UTC)  # Sunday 17:00 in summer
    assert week[1]["close"] == week[2]["open"]
    with pytest.raises(ConfigError, match=r"day_starts: '05:00' must be 12:00 or later"):
        Forex(timezone="America/New_York", day_starts="05:00")


def test_a_market_that_never_closes():
    days = AlwaysOpen(timezone="UTC", day_starts="00:00").sessions(date(2024, 1, 1), date(2024, 12, 31))
    assert days.height == 366
    assert days["open"][0] == datetime(2024, 1, 1, tzinfo=UTC)
    assert days["open"][1:].equals(days["close"][:-1].rename("open"))
    # In Sao Paulo the clock went from 00:00 to 01:00 on 2018-11-04: that day began at 03:00 UTC.
    changed = AlwaysOpen(timezone="America/Sao_Paulo", day_starts="00:00")
    (day,) = changed.sessions(date(2018, 11, 4), date(2018, 11, 4)).to_dicts()
    assert day["open"] == datetime(2018, 11, 4, 3, tzinfo=UTC)
    assert day["close"] == datetime(2018, 11, 5, 2, tzinfo=UTC)


def test_weekdays_are_those_of_the_synthetic_market():
    calendar = Weekdays(timezone="America/New_York", session_open="10:00", session_close="16:00")
    found = calendar.sessions(date(2015, 1, 2), date(2022, 12, 31))["session"]
    assert found.to_list() == session_dates(date(2015, 1, 2), 8.0).to_list()
    with pytest.raises(ConfigError, match=r"session_open '16:00' must be before session_close '10:00'"):
        Weekdays(timezone="America/New_York", session_open="16:00", session_close="10:00")


@pytest.mark.parametrize("name", CALENDARS)
def test_sessions_are_apart_and_the_clock_dates_all_of_them(name):
    calendar = CALENDARS[name]()
    days = calendar.sessions(date(2018, 7, 1), date(2020, 6, 30))
    expected = days["session"].to_physical().to_list()
    opens, closes = microseconds(days["open"]), microseconds(days["close"])
    assert (opens < closes).all() and (closes[:-1] <= opens[1:]).all()
    clock = session_clock(calendar)
    assert clock.dates(closes).tolist() == expected
    assert clock.dates(opens + 1).tolist() == expected
    assert clock.dates((opens + closes) // 2).tolist() == expected
    middle = sessions_between(calendar, int(opens[100]), int(closes[120]))
    assert middle.equals(days[100:121])


def test_fingerprints_tell_calendars_apart():
    prints = [str(make().fingerprint()) for make in CALENDARS.values()]
    assert len(set(prints)) == len(CALENDARS)
    assert prints == [str(make().fingerprint()) for make in CALENDARS.values()]


ZONES = ["UTC", "America/New_York", "Europe/Helsinki", "Asia/Kolkata", "Australia/Lord_Howe"]


@given(
    st.integers(int(-2e15), int(4e15)),
    st.sampled_from(ZONES),
    st.times().map(lambda wall: wall.strftime("%H:%M")),
)
def test_dates_are_those_of_the_wall_clock(ts, zone, day_starts):
    instant = EPOCH.replace(tzinfo=UTC) + timedelta(microseconds=ts - 1)
    wall = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    hours, minutes = map(int, day_starts.split(":"))
    start = timedelta(hours=hours, minutes=minutes)
    begun = wall.date() if wall - datetime.combine(wall.date(), datetime.min.time()) >= start else None
    day = begun or wall.date() - timedelta(days=1)  # the day on which the session of this time began
    expected = day + timedelta(days=1) if hours >= 12 else day
    (found,) = SessionClock(zone, day_starts).dates(np.array([ts]))
    assert date(1970, 1, 1) + timedelta(days=int(found)) == expected


def test_the_clock_survives_json_and_refuses_nonsense():
    clock = SessionClock("America/New_York", "17:00")
    assert SessionClock.from_dict(clock.as_dict()) == clock
    assert clock.dates(np.empty(0, np.int64)).dtype == np.int32
    for wrong in ("24:00", "5pm", "9:30", ""):
        with pytest.raises(ConfigError, match="is not a time, write HH:MM"):
            SessionClock("UTC", wrong)
    with pytest.raises(
        ConfigError, match=r"timezone: unknown value 'Amerika/New_York'\. Nearest: 'America/New"
    ):
        AlwaysOpen(timezone="Amerika/New_York", day_starts="00:00")


def test_calendars_that_need_no_exchange_import_no_pandas():
    code = (
        "import sys; from ploutos.data.calendars import always_open, exchange, forex, weekdays;"
        "forex.Forex(timezone='UTC', day_starts='17:00'); assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
