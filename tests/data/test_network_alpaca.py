"""`data=alpaca` against a local server that speaks Alpaca's JSON; keys stay where they are."""

import json
from datetime import UTC, date, datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import provider_server as provider
from network_sources import at, fetched, make, truth
from ploutos.data.network import clock
from ploutos.types import ConfigError, DataError
from provider_server import NY, invented

FIRST = date(2023, 9, 1)
SPLIT, PAID = date(2024, 3, 4), date(2023, 11, 6)
KEY, SECRET = "PKTESTONLY0123", "s3cret-never-shown"


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(clock, "now_us", lambda: at(2024, 6, 12, 15))
    monkeypatch.setenv("APCA_API_KEY_ID", KEY)
    monkeypatch.setenv("APCA_API_SECRET_KEY", SECRET)
    with provider.running() as one:
        one.listings = {"AAA": invented(FIRST, date(2024, 6, 28), hourly=True)}
        one.listings["AAA"].splits = {SPLIT: 4.0}
        one.listings["AAA"].dividends = {PAID: 0.5}
        yield one


@pytest.fixture
def source(server, tmp_path):
    def build(*overrides, folder=tmp_path):
        return make("data", "alpaca", server.url, folder, "tickers=[AAA]", "start=2023-09-01", *overrides)

    return build


def wanted(server):
    frame = truth(server.listings, FIRST, date(2024, 6, 13), daily=False)
    return frame.filter(pl.col("ts") < datetime(2024, 6, 12, 13, 40, tzinfo=UTC))


def files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*.parquet")}


@pytest.mark.parametrize("limit", [7, 500, 10_000])
def test_hourly_bars_through_pages(server, source, limit):
    server.page_limit = limit
    built = source("cache.page_days=40") if limit == 7 else source()
    assert_frame_equal(fetched(built), wanted(server))
    asked = server.about("bars")
    assert {one["adjustment"] for one in asked} == {"raw"} and {one["feed"] for one in asked} == {"sip"}
    assert (len(asked) > 100) == (limit == 7)
    assert built.preparation.bar_minutes == 60


def test_daily_bars_by_their_day_in_new_york(server, source):
    days = provider.weekdays(FIRST, date(2024, 6, 12))
    listing = server.listings["AAA"]
    midnights = [datetime(d.year, d.month, d.day, tzinfo=NY).astimezone(UTC) for d in days]
    listing.bars = [(when, *bar[1:]) for when, bar in zip(midnights, listing.bars, strict=False)]
    frame = fetched(source("interval=1d"))
    assert_frame_equal(frame, truth(server.listings, FIRST, date(2024, 6, 12), daily=True))


def no_token(answer):
    """The first page without the word that there is another one."""
    answer["next_page_token"] = None


def lose_middle(answer):
    rows = answer["bars"]["AAA"]
    del rows[200:400]


def reorder(answer):
    rows = answer["bars"]["AAA"]
    rows[:] = rows[50:] + rows[:60]


def no_bars(answer):
    answer["bars"] = {}


def null_bars(answer):
    answer["bars"] = None


PASSING = {
    "429": [provider.status(429, '{"message": "too many requests."}', Retry_After="0.05")],
    "500": [provider.status(500, "{}"), provider.status(502, "<html>"), provider.status(504)],
    "cut off": [provider.cut_off],
    "half of the JSON": [provider.half_json],
    "too late": [provider.slow(0.8)],
    "no body": [provider.status(200)],
    "null": [provider.changed(null_bars)],
    "empty": [provider.changed(no_bars)],
    "a short page": [provider.changed(no_token)],
    "a hole": [provider.changed(lose_middle)],
    "unsorted and repeated": [provider.changed(reorder)],
}


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_leaves_no_trace(server, source, fault):
    server.page_limit = 600
    server.faults = [None, *PASSING[fault]]
    assert_frame_equal(fetched(source()), wanted(server))
    assert not server.faults


def wrong_symbol(answer):
    answer["bars"] = {"ZZZ": answer["bars"].pop("AAA")}


def repeating(text):
    return provider.status(401, json.dumps({"message": f"{text} {KEY} and {SECRET}"}))


LASTING = {
    "429": (provider.status(429, Retry_After="0"), r"HTTP 429, asks to wait 0 s \(5 attempts\)"),
    "500": (provider.status(500), r"HTTP 500 \(5 attempts\)"),
    "cut off": (provider.cut_off, r"cut off.*\(5 attempts\)"),
    "wrong symbol": (provider.changed(wrong_symbol), "asked for AAA, the answer is about ZZZ"),
    "bad keys": (repeating("forbidden"), "keys in APCA_API_KEY_ID and APCA_API_SECRET_KEY are refused"),
    "subscription": (
        provider.status(403, '{"message": "subscription does not permit querying recent SIP data"}'),
        "HTTP 403: subscription does not permit",
    ),
}


@pytest.mark.parametrize("fault", LASTING)
def test_a_fault_that_lasts_is_one_line_without_the_keys(server, source, tmp_path, fault):
    source("end=2024-01-10").fetch()
    kept = files(tmp_path)
    lasting, told = LASTING[fault]
    server.faults = [None, *[lasting] * 10]
    with pytest.raises(DataError, match=told) as refused:
        source().fetch()
    line = str(refused.value)
    assert "\n" not in line and KEY not in line and SECRET not in line
    assert files(tmp_path) == kept
    server.faults = []
    assert_frame_equal(fetched(source()), wanted(server))


def test_without_corporate_actions_the_bars_come_alone(server, source):
    server.faults = [provider.status(403, '{"message": "your subscription does not include this"}')]
    built = source()
    frame = fetched(built)
    assert_frame_equal(frame.drop("split", "dividend"), wanted(server).drop("split", "dividend"))
    assert built.actions().is_empty()
    (told,) = built.told()["without_actions"].items()
    assert told == ("AAA", "refused: Alpaca: AAA: HTTP 403: your subscription does not include this")
    again = source("end=2024-03-01")
    again.fetch()
    assert again.told()["without_actions"] == built.told()["without_actions"]  # without asking


def test_the_keys_are_sent_and_nowhere_else(server, source, tmp_path, capfd, caplog):
    caplog.set_level("DEBUG")
    built = source()
    fingerprint = json.dumps(built.fingerprint())
    assert all(one["APCA-API-KEY-ID"] == KEY for one in server.headers_seen)
    assert all(one["APCA-API-SECRET-KEY"] == SECRET for one in server.headers_seen)
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()).decode("latin1")
    out, err = capfd.readouterr()
    for text in (fingerprint, written, out, err, caplog.text, repr(vars(built)), json.dumps(built.told())):
        assert KEY not in text and SECRET not in text


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example",
        "https://data.alpaca.markets.evil.example/",
        "http://10.0.0.1:80",
        "https://[::2]",
    ],
)
def test_the_keys_go_to_no_other_host(source, address):
    with pytest.raises(ConfigError, match=r"APCA_API_KEY_ID and APCA_API_SECRET_KEY belongs to data\.alpaca"):
        source(f"base_url='{address}'").fetch()


@pytest.mark.parametrize("missing", ["APCA_API_KEY_ID", "APCA_API_SECRET_KEY"])
def test_missing_keys_are_named_and_a_full_cache_needs_none(source, monkeypatch, missing):
    frame = fetched(source("end=2024-03-01"))
    monkeypatch.delenv(missing)
    assert_frame_equal(fetched(source("end=2024-03-01")), frame)
    with pytest.raises(ConfigError, match=f"set {missing} in the environment"):
        source().fetch()


def test_only_what_is_missing_is_asked_for(server, source):
    source("end=2024-03-01").fetch()
    server.requests.clear()
    source().fetch()
    (page,) = server.about("bars")
    assert page["start"].startswith("2024-02-20T00:00:00")  # ten days before, to compare


def test_before_2016_there_is_nothing(source):
    with pytest.raises(ConfigError, match="start: 2015-01-01 is before 2016-01-01, the earliest that Alpaca"):
        source("start=2015-01-01").fetch()
