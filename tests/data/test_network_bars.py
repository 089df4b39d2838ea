"""From a provider's rows to `Bars`: labels, sessions, splits and dividends, resampling, delistings."""

from datetime import UTC, date, datetime, timedelta

import pytest

import provider_server as provider
from network_sources import at, make
from ploutos.data.network import clock
from provider_server import NY, invented

FIRST, LAST = date(2024, 1, 2), date(2024, 6, 11)
SPLIT, PAID = date(2024, 3, 4), date(2024, 5, 6)
EARLY = date(2023, 11, 24)  # the day after Thanksgiving, New York closes at 13:00


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(clock, "now_us", lambda: at(2024, 6, 12, 15))
    monkeypatch.setenv("APCA_API_KEY_ID", "PKTESTONLY0123")
    monkeypatch.setenv("APCA_API_SECRET_KEY", "s3cret-never-shown")
    with provider.running() as one:
        yield one


@pytest.fixture
def source(server, tmp_path):
    def build(name, *overrides, start=FIRST, choices=()):
        keys = ("tickers=[AAA]", f"start={start}", *overrides)
        return make("data", name, server.url, tmp_path, *keys, choices=choices)

    return build


def listed(server, *, hourly=False, first=FIRST):
    server.listings = {"AAA": invented(first, date(2024, 6, 28), hourly=hourly)}
    server.listings["AAA"].splits = {SPLIT: 4.0}
    server.listings["AAA"].dividends = {PAID: 0.5}
    return server.listings["AAA"]


def local(bars):
    return bars.frame["ts"].dt.convert_time_zone("America/New_York")


def days_of_actions(bars):
    """Return the local dates from which the actions are in effect, with split and dividend."""
    ts = bars.actions["ts"].dt.convert_time_zone("America/New_York").dt.date()
    return list(zip(ts, bars.actions["split"], bars.actions["dividend"], strict=True))


def test_days_close_with_their_session(server, source):
    listing = listed(server)
    bars = source("yfinance").load()
    sessions = local(bars)
    assert set(sessions.dt.time().to_list()) == {datetime(2024, 1, 1, 16).time()}
    days = [bar[0].astimezone(NY).date() for bar in listing.bars]
    holidays = {date(2024, 1, 15), date(2024, 2, 19), date(2024, 3, 29), date(2024, 5, 27)}
    assert sessions.dt.date().to_list() == [day for day in days if day <= LAST and day not in holidays]
    assert bars.quality["rows_no_session"] == len(holidays)
    assert bars.quality["download"]["provider"] == "Yahoo"
    traded = {bar[0].astimezone(NY).date(): bar[4] for bar in listing.bars}
    assert bars.frame["close"].to_list() == [traded[day] for day in sessions.dt.date()]
    assert days_of_actions(bars) == [(SPLIT, 4.0, 0.0), (PAID, 1.0, 0.5)]


def test_yahoos_hours_begin_at_the_open_and_end_with_the_session(server, source):
    listing = listed(server, hourly=True, first=date(2023, 11, 1))
    listing.bars = [bar for bar in listing.bars if bar[0].astimezone(NY).date() != date(2023, 11, 23)]
    bars = source("yfinance", "interval=1h", start="2023-11-01").load()
    times = local(bars)
    usual = times.filter(times.dt.date() == date(2023, 11, 22)).dt.strftime("%H:%M").to_list()
    assert usual == ["10:30", "11:30", "12:30", "13:30", "14:30", "15:30", "16:00"]
    short = times.filter(times.dt.date() == EARLY).dt.strftime("%H:%M").to_list()
    assert short == ["10:30", "11:30", "12:30", "13:00"]
    assert bars.quality["rows_mixed_bar"] == 0 and bars.quality["rows_clipped"] > 100
    partial = [rule for rule in bars.quality["rules"] if rule["rule"] == "partial_day"]
    assert [rule["count"] for rule in partial] == [0]
    assert days_of_actions(bars) == [(SPLIT, 4.0, 0.0), (PAID, 1.0, 0.5)]


def clock_hours(first, last):
    """Alpaca's hours: from 4:00 to 20:00 in New York."""
    listing = invented(first, last, hourly=True)
    days = provider.weekdays(first, last)
    hours = [
        datetime(d.year, d.month, d.day, h, tzinfo=NY).astimezone(UTC) for d in days for h in range(4, 20)
    ]
    values = [bar[1:] for bar in listing.bars]
    listing.bars = [(hour, *values[n % len(values)]) for n, hour in enumerate(hours)]
    return listing


def test_alpacas_hours_of_the_session_only(server, source):
    server.listings = {"AAA": clock_hours(date(2023, 11, 1), date(2024, 6, 28))}
    server.listings["AAA"].splits = {SPLIT: 4.0}
    server.listings["AAA"].dividends = {PAID: 0.5}
    bars = source("alpaca", start="2023-11-01").load()
    times = local(bars)
    usual = times.filter(times.dt.date() == date(2023, 11, 22)).dt.strftime("%H:%M").to_list()
    assert usual == ["11:00", "12:00", "13:00", "14:00", "15:00", "16:00"]
    short = times.filter(times.dt.date() == EARLY).dt.strftime("%H:%M").to_list()
    assert short == ["11:00", "12:00", "13:00"]
    sessions = times.dt.date().n_unique()
    # The hour from 9:00 is half of it before the session, also that of today, of which no other is over.
    assert bars.quality["rows_mixed_bar"] == sessions + 1 and bars.quality["rows_clipped"] == 0
    # The first row of the day, at 4:00, is dropped; its action is not.
    assert days_of_actions(bars) == [(SPLIT, 4.0, 0.0), (PAID, 1.0, 0.5)]


@pytest.mark.parametrize("which", ["first bar", "whole session"])
def test_an_action_survives_the_bar_that_a_rule_masks(server, source, which):
    listing = listed(server, hourly=True)
    count = 1 if which == "first bar" else 7
    bad = [n for n, bar in enumerate(listing.bars) if bar[0].astimezone(NY).date() == SPLIT][:count]
    for n in bad:
        listing.bars[n] = (listing.bars[n][0], -1.0, *listing.bars[n][2:])
    bars = source("yfinance", "interval=1h").load()
    masked = next(rule for rule in bars.quality["rules"] if rule["rule"] == "non_positive")
    assert (masked["count"], masked["action"]) == (count, "masked")
    day = SPLIT if which == "first bar" else SPLIT + timedelta(days=1)
    assert days_of_actions(bars) == [(day, 4.0, 0.0), (PAID, 1.0, 0.5)]


def test_a_user_may_leave_the_actions_out(server, source):
    listed(server)
    bars = source("yfinance", choices=("actions=adjusted",)).load()
    assert bars.actions.is_empty() and bars.quality["actions"] == {"actions": "adjusted"}
    assert bars.frame.columns == ["ts", "ticker", "open", "high", "low", "close", "volume"]


def test_a_market_that_never_closes_keeps_its_weekends(server, source):
    days = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(150)]
    server.listings = {"AAA": provider.Listing([(day, 50.0, 51.0, 49.0, 50.5, 1.0) for day in days])}
    bars = source("yfinance", "end=2024-05-01", start="2024-01-01", choices=("calendar=always_open",)).load()
    assert bars.frame["ts"].to_list() == [
        day + timedelta(days=1) for day in days if day < datetime(2024, 5, 1, tzinfo=UTC)
    ]
    assert bars.quality["rows_no_session"] == 0


def test_hours_become_sessions(server, source):
    listed(server, hourly=True)
    hours, days = (
        source("yfinance", "interval=1h", f"resample_minutes={to}").load() for to in ("null", "session")
    )
    assert days.frame.height == local(hours).dt.date().n_unique()
    assert days.frame["volume"].sum() == hours.frame["volume"].sum()
    assert days.actions.equals(hours.actions)


def test_a_ticker_that_ends_is_delisted_where_the_user_says_so(server, source):
    listed(server)
    server.listings["BBB"] = invented(FIRST, date(2024, 4, 30))
    plain, told = (
        source("yfinance", "tickers=[AAA,BBB]", *more).load()
        for more in ((), ("delisted_after_sessions=5", "delisting_return=-0.3"))
    )
    assert plain.delistings.is_empty()
    assert told.delistings.select("ticker", "delisting_return").rows() == [("BBB", -0.3)]


def test_the_fingerprint_holds_rows_actions_and_every_setting(server, source):
    listed(server)
    usual = source("yfinance").fingerprint()
    assert source("yfinance").fingerprint() == usual
    others = [
        source("yfinance", "delisting_return=-1"),
        source("yfinance", "resample_anchor=clock"),
        source("yfinance", choices=("quality=strict",)),
        source("yfinance", choices=("actions=adjusted",)),
        source("yfinance", choices=("calendar=always_open",)),
    ]
    assert usual not in [one.fingerprint() for one in others]
    assert source("alpaca", "interval=1d").fingerprint()["source"] == "alpaca"
    clock = source("yfinance").clock.as_dict()
    assert clock.pop("sessions_per_year") == pytest.approx(251.55, abs=0.01)  # of XNYS, 2000 to 2019
    assert clock == {"timezone": "America/New_York", "day_starts": "00:00"}
