"""`macro=fred` and `macro=yfinance` against a local server: values, holidays, publication, faults, keys."""

import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

import provider_server as provider
from network_sources import at, make
from ploutos.data.network import clock
from ploutos.types import ConfigError, DataError
from provider_server import NY, invented, weekdays

FIRST, LAST = date(2023, 1, 2), date(2024, 6, 11)
HOLIDAYS = {date(2023, 7, 4), date(2023, 12, 25)}
KEY = "abcdef0123456789abcdef0123456789"
SERIES = {"vix": "VIXCLS", "tnx": "DGS10", "dxy": "DTWEXBGS"}


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(clock, "now_us", lambda: at(2024, 6, 12, 15))
    monkeypatch.setenv("FRED_API_KEY", KEY)
    with provider.running() as one:
        for level, name in enumerate(SERIES.values(), 1):
            one.series[name] = {
                day: None if day in HOLIDAYS else 10.0 * level + number % 7
                for number, day in enumerate(weekdays(FIRST, LAST))
            }
        for level, ticker in enumerate(("^VIX", "^TNX", "DX-Y.NYB"), 1):
            one.listings[ticker] = invented(FIRST, LAST, level=10.0 * level)
        yield one


@pytest.fixture(params=["csv", "json"])
def fred(request, server, tmp_path):
    def build(*overrides):
        api = f"api={request.param == 'json'}".lower()
        return make("macro", "fred", server.url, tmp_path, "start=2023-01-02", api, *overrides)

    return build


@pytest.fixture
def yahoo(server, tmp_path):
    def build(*overrides):
        return make("macro", "yfinance", server.url, tmp_path, "start=2023-01-02", *overrides)

    return build


def published(day, lag):
    return datetime.combine(day + timedelta(days=lag), time(), ZoneInfo("America/New_York")).astimezone(UTC)


def expected(values, lag):
    return {published(day, lag): value for day, value in values.items() if value is not None}


def loaded(levels, name):
    return dict(levels.select("available_at", name).drop_nulls().iter_rows())


def test_fred_levels_when_fred_shows_them(server, fred):
    levels = fred().load()
    assert levels["available_at"].is_sorted() and levels["available_at"].is_unique().all()
    for name, lag in (("vix", 4), ("tnx", 5), ("dxy", 9)):
        assert loaded(levels, name) == expected(server.series[SERIES[name]], lag)


def test_yahoo_closes_are_known_the_day_after(server, yahoo):
    levels = yahoo().load()
    for name, ticker in (("vix", "^VIX"), ("tnx", "^TNX"), ("dxy", "DX-Y.NYB")):
        closes = {bar[0].astimezone(NY).date(): bar[4] for bar in server.listings[ticker].bars}
        assert loaded(levels, name) == expected(closes, 1)


def test_a_close_is_on_no_bar_of_its_day(yahoo):
    source = yahoo()
    day = datetime(2024, 3, 6, 21, tzinfo=UTC)
    ts = np.array([int((day + timedelta(days=n)).timestamp() * 1e6) for n in range(2)])
    names, values = source.columns(ts)
    cut = yahoo("end=2024-03-06").columns(ts)[1]
    np.testing.assert_array_equal(values[0], cut[0])
    changed = names.index("vix_change_1")
    assert values[1, changed] != cut[1, changed]


def test_a_late_publication_is_fetched_later(server, fred):
    late = {day: server.series["DTWEXBGS"].pop(day) for day in weekdays(date(2024, 6, 3), LAST)}
    one = fred()
    assert one.load()["dxy"].drop_nulls().len() == len(server.series["DTWEXBGS"]) - len(HOLIDAYS)
    server.series["DTWEXBGS"] |= late
    two = fred()
    assert loaded(two.load(), "dxy") == expected(server.series["DTWEXBGS"], 9)
    assert one.fingerprint() != two.fingerprint()


def test_a_full_cache_needs_neither_network_nor_key(server, fred, monkeypatch):
    whole = fred("end=2024-03-01").load()
    server.requests.clear()
    monkeypatch.delenv("FRED_API_KEY")
    again = fred("end=2024-03-01")
    assert again.load().equals(whole, null_equal=True) and not server.requests
    assert fred("cache.offline=true", "end=2024-03-01").fingerprint() == again.fingerprint()


def fewer(answer):
    answer["observations"] = answer["observations"][:5]


@pytest.mark.parametrize(
    "fault",
    [
        provider.status(429, Retry_After="0.05"),
        provider.status(500),
        provider.cut_off,
        provider.slow(0.8),
        provider.status(200),
        provider.status(200, "<html>maintenance</html>"),
    ],
    ids=["429", "500", "cut off", "too late", "empty", "html"],
)
def test_a_fault_that_passes_leaves_no_trace(server, fred, fault):
    whole = expected(server.series["DTWEXBGS"], 9)
    server.faults = [fault, fault]
    assert loaded(fred().load(), "dxy") == whole


def test_half_a_table_is_noticed(server, tmp_path):
    def build(api):
        folder = tmp_path / str(api)
        return make("macro", "fred", server.url, folder, "start=2023-01-02", f"api={api}".lower())

    server.faults = [provider.half_json]
    assert loaded(build(False).load(), "dxy") == expected(server.series["DTWEXBGS"], 9)
    server.faults = [provider.changed(fewer)]
    assert loaded(build(True).load(), "dxy") == expected(server.series["DTWEXBGS"], 9)


def test_a_lasting_fault_is_one_line_and_the_cache_stays(server, fred, tmp_path):
    whole = fred("end=2024-03-01").load()
    kept = {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")}
    server.faults = [provider.status(500)] * 9
    with pytest.raises(DataError, match=r"FRED: DGS10 .*HTTP 500 \(5 attempts\)") as refused:
        fred().load()
    assert "\n" not in str(refused.value) and KEY not in str(refused.value)
    assert {path: path.read_bytes() for path in kept} == kept
    assert fred("end=2024-03-01").load().equals(whole, null_equal=True)


def test_the_key_is_in_no_message_and_no_file(server, tmp_path, monkeypatch):
    def build(url):
        return make("macro", "fred", url, tmp_path, "api=true", "start=2023-01-02")

    assert KEY not in json.dumps(build(server.url).fingerprint())
    for url, fault in (
        ("http://127.0.0.1:9", None),
        (server.url, provider.status(400, f'{{"error_message": "{KEY}"}}')),
    ):
        server.faults = [fault]
        with pytest.raises(DataError) as refused:
            make("macro", "fred", url, tmp_path / "other", "api=true").load()
        assert KEY not in str(refused.value)
    assert all(KEY.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    monkeypatch.delenv("FRED_API_KEY")
    with pytest.raises(ConfigError, match="set FRED_API_KEY in the environment, or api=false"):
        make("macro", "fred", server.url, tmp_path / "third", "api=true").load()


def test_the_key_is_in_no_log_and_goes_to_no_other_host(server, tmp_path, monkeypatch, caplog):
    caplog.set_level("DEBUG")
    make("macro", "fred", server.url, tmp_path, "api=true", "start=2023-01-02").load()
    assert "api_key=***" in caplog.text and KEY not in caplog.text
    for address in ("https://evil.example", "https://api.stlouisfed.org.evil.example", "http://192.0.2.1:80"):
        with pytest.raises(ConfigError, match=r"FRED_API_KEY belongs to api\.stlouisfed\.org and"):
            make("macro", "fred", address, tmp_path / "other", "api=true").load()
    monkeypatch.setenv("PLOUTOS_KEY_HOSTS", "proxy.example, evil.example")
    with pytest.raises(ConfigError, match=r"FRED_API_KEY is not sent unencrypted; use https://evil\.example"):
        make("macro", "fred", "http://evil.example", tmp_path / "other", "api=true").load()


def test_a_redirect_does_not_take_the_key_along(server, tmp_path):
    elsewhere = provider.status(302, Location="http://127.0.0.1:9/?api_key=x")
    server.faults = [elsewhere]
    with pytest.raises(DataError, match="HTTP 302"):
        make("macro", "fred", server.url, tmp_path, "api=true", "network.attempts=1").load()


def test_an_unknown_series_is_named(fred):
    with pytest.raises(DataError, match=r"FRED: NOPE: HTTP 40[04]"):
        fred("vix.id=NOPE").load()


def test_a_level_that_cannot_be_is_refused(server, fred):
    server.series["VIXCLS"][date(2024, 1, 3)] = -1.0
    with pytest.raises(DataError, match="VIXCLS: vix on 2024-01-03: value is -1, must be finite"):
        fred().load()


def test_no_level_at_all_is_refused(yahoo):
    with pytest.raises(ConfigError, match="all null"):
        yahoo("vix=null", "tnx=null", "dxy=null")


def test_one_level_alone(server, yahoo):
    levels = yahoo("vix=null", "dxy=null").load()
    assert levels.columns == ["available_at", "tnx"]
    assert {path for path, _ in server.requests} == {"/v8/finance/chart/^TNX"}
    assert levels.schema["available_at"] == pl.Datetime("us", "UTC")
