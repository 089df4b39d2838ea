"""`data=yfinance` against a local server of Yahoo's JSON: the truth, or one line and an untouched cache."""

import sys
import time
from datetime import UTC, date, datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import provider_server as provider
from network_sources import at, fetched, make, truth
from ploutos.data.network import clock
from ploutos.types import ConfigError, DataError
from provider_server import invented

FIRST, LAST = date(2023, 1, 2), date(2024, 6, 11)
SPLIT, OLD_SPLIT, PAID = date(2024, 3, 4), date(2023, 6, 5), date(2023, 9, 5)


@pytest.fixture
def server():
    with provider.running() as one:
        one.listings = {"AAA": invented(FIRST, date(2024, 12, 31)), "BBB": invented(FIRST, LAST, level=9)}
        one.listings["AAA"].splits = {OLD_SPLIT: 4.0, SPLIT: 0.125}
        one.listings["AAA"].dividends = {PAID: 0.5, SPLIT: 2.0}
        yield one


@pytest.fixture
def today(server, monkeypatch):
    """Set the time, for the server too."""

    def set_time(*moment):
        server.now = datetime(*moment, tzinfo=UTC)
        monkeypatch.setattr(clock, "now_us", lambda: at(*moment))

    set_time(2024, 6, 12, 15)
    return set_time


@pytest.fixture
def source(server, today, tmp_path):
    def build(*overrides, tickers="AAA", folder=tmp_path, start="2023-01-02"):
        return make(
            "data", "yfinance", server.url, folder, f"tickers=[{tickers}]", f"start={start}", *overrides
        )

    return build


def files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*.parquet")}


def test_daily_bars_are_what_was_traded(server, source):
    frame = fetched(source(tickers="BBB,AAA"))
    assert_frame_equal(frame, truth(server.listings, FIRST, date(2024, 6, 12), daily=True))
    day = frame.filter((pl.col("ticker") == "AAA") & (pl.col("ts") == PAID)).row(0, named=True)
    assert (day["split"], day["dividend"]) == (1.0, 0.5)
    served = server.listings["AAA"].bars[0][4]
    assert frame.filter(pl.col("ticker") == "AAA")["close"][0] == served  # though Yahoo sends half of it


@pytest.mark.parametrize("page_days", [7, 60, 3650])
def test_hourly_bars_in_pages(server, source, page_days):
    server.listings = {"AAA": invented(date(2023, 9, 1), date(2024, 6, 30), hourly=True)}
    server.listings["AAA"].splits = {SPLIT: 2.0}
    built = source("interval=1h", f"cache.page_days={page_days}", start="2023-10-01")
    frame = fetched(built)
    wanted = truth(server.listings, date(2023, 10, 1), date(2024, 6, 13), daily=False)
    wanted = wanted.filter(
        pl.col("ts") < datetime(2024, 6, 12, 13, 30, tzinfo=UTC)
    )  # the last one that is over
    assert_frame_equal(frame, wanted)
    assert built.preparation.bar_minutes == 60


def fresh_bars(answer):
    return answer["chart"]["result"][0]


def drop_half(answer):
    result = fresh_bars(answer)
    keep = len(result["timestamp"]) // 2
    result["timestamp"] = result["timestamp"][:keep]
    quote = result["indicators"]["quote"][0]
    quote.update({name: values[:keep] for name, values in quote.items()})


def reorder(answer):
    result = fresh_bars(answer)
    order = list(range(len(result["timestamp"])))
    order = [*order[10:], *order[:15], *order[3:9]]
    result["timestamp"] = [result["timestamp"][i] for i in order]
    quote = result["indicators"]["quote"][0]
    quote.update({name: [values[i] for i in order] for name, values in quote.items()})


def hollow(answer):
    result = fresh_bars(answer)
    quote = result["indicators"]["quote"][0]
    for values in quote.values():
        values[:60] = [None] * 60


def no_rows(answer):
    del fresh_bars(answer)["timestamp"]


def nothing(answer):
    answer["chart"]["result"] = None


def shorter_column(answer):
    fresh_bars(answer)["indicators"]["quote"][0]["close"].pop()


PASSING = {
    "429": [provider.status(429, Retry_After="0.05"), provider.status(429)],
    "500": [provider.status(500), provider.status(503, "busy")],
    "cut off": [provider.cut_off],
    "half of the JSON": [provider.half_json],
    "html": [provider.status(200, "<html>Will be right back</html>")],
    "too late": [provider.slow(0.8)],
    "empty": [provider.changed(nothing)],
    "columns of unequal length": [provider.changed(shorter_column)],
    "a hole": [provider.changed(drop_half)],
    "rows without prices": [provider.changed(hollow)],
    "no rows": [provider.changed(no_rows)],
    "unsorted and repeated": [provider.changed(reorder)],
}


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("filled", [False, True], ids=["empty cache", "good cache"])
def test_a_fault_that_passes_leaves_no_trace(server, source, today, fault, filled):
    if filled:
        today(2024, 1, 10, 15)
        source().fetch()
        today(2024, 6, 12, 15)
    server.faults = [None, *PASSING[fault]]  # the first request asks about the ticker
    assert_frame_equal(
        fetched(source()),
        truth({"AAA": server.listings["AAA"]}, FIRST, date(2024, 6, 12), daily=True),
    )
    assert not server.faults, "the fault was not met"


def wrong_symbol(answer):
    fresh_bars(answer)["meta"]["symbol"] = "ZZZ"


LASTING = {
    "429": (provider.status(429, Retry_After="0"), r"HTTP 429, asks to wait 0 s \(5 attempts\)"),
    "429 for an hour": (provider.status(429, Retry_After="3600"), r"asks to wait 3600 s \(1 attempt\)"),
    "500": (provider.status(500), r"HTTP 500 \(5 attempts\)"),
    "cut off": (provider.cut_off, "cut off"),
    "empty": (provider.changed(nothing), "empty"),
    "wrong symbol": (provider.changed(wrong_symbol), "asked for AAA, the answer is about ZZZ"),
    "refused": (provider.status(403, "Forbidden"), "HTTP 403, the request was refused"),
}


@pytest.mark.parametrize("fault", LASTING)
@pytest.mark.parametrize("good", [0, 1, 2], ids=["at once", "after one answer", "after two"])
def test_a_fault_that_lasts_is_one_line_and_the_cache_stays_good(
    server, source, today, tmp_path, fault, good
):
    today(2024, 1, 10, 15)
    source().fetch()
    before = fetched(source())
    kept = files(tmp_path)
    today(2024, 6, 12, 15)
    lasting, told = LASTING[fault]
    server.faults = [*[None] * good, *[lasting] * 30]
    with pytest.raises(DataError, match=told) as refused:
        source("cache.page_days=100").fetch()
    line = str(refused.value)
    assert "\n" not in line and "AAA" in line and "kept in the cache: 0 of 1 tickers" in line
    if good < 2:
        assert files(tmp_path) == kept
    offline = fetched(source("cache.offline=true", "end=2024-01-10"))
    assert_frame_equal(offline, before)
    server.faults = []
    assert_frame_equal(
        fetched(source()), truth({"AAA": server.listings["AAA"]}, FIRST, date(2024, 6, 12), daily=True)
    )


def test_no_connection_is_one_line(server, source, tmp_path):
    source().fetch()
    kept = files(tmp_path)
    with pytest.raises(DataError, match=r"\(5 attempts\)") as refused:
        source("base_url='http://127.0.0.1:9'", tickers="BBB").fetch()
    assert "\n" not in str(refused.value)
    assert files(tmp_path) == kept


def test_the_pause_that_the_server_asks_for_is_kept(server, source):
    server.faults = [provider.status(429, Retry_After="0.6")]
    begin = time.monotonic()
    source().fetch()
    assert time.monotonic() - begin > 0.6


def test_only_what_is_missing_is_asked_for(server, source, today):
    today(2024, 1, 10, 15)
    source().fetch()
    today(2024, 6, 12, 15)
    server.requests.clear()
    source("cache.overlap_days=5").fetch()
    _, page = server.about("chart/AAA")
    assert (
        int(page["period1"]) * 10**6 == at(2024, 1, 10) - 5 * clock.DAY - clock.DAY
    )  # one for the time zone
    server.requests.clear()
    source("end=2024-06-05").fetch()
    source("start=2023-05-01", "end=2023-06-05").fetch()
    assert not server.requests


def test_an_earlier_start_fetches_the_earlier_part(server, source):
    source("end=2024-03-01", start="2024-01-10").fetch()
    server.requests.clear()
    frame = fetched(source("end=2024-03-01"))
    assert_frame_equal(frame, truth({"AAA": server.listings["AAA"]}, FIRST, date(2024, 3, 1), daily=True))
    assert int(server.requests[-1][1]["period2"]) * 10**6 == at(2024, 1, 11)


def test_what_is_fresh_is_not_asked_for_again(server, source, today):
    first = source("cache.refresh_hours=12")
    rows = fetched(first)
    server.requests.clear()
    today(2024, 6, 13, 2)
    again = source("cache.refresh_hours=12")
    assert_frame_equal(fetched(again), rows)
    assert again.fingerprint() == first.fingerprint()
    assert not server.requests
    today(2024, 6, 13, 13)
    assert source("cache.refresh_hours=12").fetch().height == rows.height + 1
    assert server.requests


def test_a_late_row_is_fetched_later(server, source, today):
    listing = server.listings["AAA"]
    late = next(bar for bar in listing.bars if bar[0].date() == date(2024, 6, 11))
    listing.bars.remove(late)
    assert source().fetch()["ts"].max() == date(2024, 6, 10)
    listing.bars.append(late)
    assert source().fetch()["ts"].max() == date(2024, 6, 11)


def test_a_split_to_come_changes_nothing_that_is_stored(server, source, today):
    today(2024, 2, 1, 15)
    before = fetched(source("cache.on_revision=refuse"))
    today(2024, 6, 12, 15)
    after = fetched(source("cache.on_revision=refuse"))
    assert_frame_equal(after[: before.height], before, check_exact=True)
    assert after.filter(pl.col("split") != 1)["split"].to_list() == [4.0, 0.125]


@pytest.mark.parametrize("answer", ["refetch", "keep", "refuse"])
def test_a_changed_past_is_told(server, source, today, answer):
    today(2024, 1, 10, 15)
    before = fetched(source())
    listing = server.listings["AAA"]
    listing.bars = [(when, *(1.5 * x for x in prices), v) for when, *prices, v in listing.bars]
    today(2024, 6, 12, 15)
    made = source(f"cache.on_revision={answer}", "cache.page_days=200")
    if answer == "refuse":
        with pytest.raises(DataError, match=r"Yahoo changed the past of AAA: .* on_revision is 'refuse'"):
            made.fetch()
        return
    frame = fetched(made)
    (told,) = made.told()["revisions"]
    assert "Yahoo changed the past of AAA" in told and "2024-06-12" in told
    now_true = truth({"AAA": listing}, FIRST, date(2024, 6, 12), daily=True)
    if answer == "refetch":
        assert_frame_equal(frame, now_true)
    else:
        assert_frame_equal(frame[: before.height], before, check_exact=True)
        assert_frame_equal(frame[before.height :], now_true[before.height :])


def test_a_failure_while_downloading_anew_leaves_the_cache(server, source, today, tmp_path):
    today(2024, 1, 10, 15)
    source().fetch()
    kept = files(tmp_path)
    listing = server.listings["AAA"]
    listing.bars = [(when, *(1.5 * x for x in prices), v) for when, *prices, v in listing.bars]
    today(2024, 6, 12, 15)
    server.faults = [None, None, None, None, *[provider.status(500)] * 5]
    with pytest.raises(DataError, match="HTTP 500"):
        source("cache.page_days=200").fetch()
    assert {path: kept[path] for path in kept} == {path: path.read_bytes() for path in kept}
    asked = len(server.requests)
    frame = fetched(source("cache.page_days=200"))
    assert_frame_equal(frame, truth({"AAA": listing}, FIRST, date(2024, 6, 12), daily=True))
    assert len(server.requests) - asked == 2 + 1 + 2  # compares, asks again about it, then what is left


def test_a_session_that_the_calendar_knows_is_asked_for_again(server, source):
    def one_day_less(answer):
        result = fresh_bars(answer)
        for values in (result["timestamp"], *result["indicators"]["quote"][0].values()):
            del values[100]

    server.faults = [None, provider.changed(one_day_less)]
    assert_frame_equal(
        fetched(source()), truth({"AAA": server.listings["AAA"]}, FIRST, date(2024, 6, 12), daily=True)
    )
    assert len(server.requests) == 3  # about, the page, and the page again for its one missing session


def test_many_absent_sessions_are_asked_for_together(server, source):
    listing = server.listings["AAA"]
    everything = list(listing.bars)
    listing.bars = [bar for n, bar in enumerate(everything) if n % 7]
    made = source("end=2024-06-05")
    made.fetch()
    assert len(made.told()["holes"]) > 40
    server.requests.clear()
    source("end=2024-06-05").fetch()
    assert len(server.requests) == 3  # about, and one page with all of them twice
    listing.bars = everything
    server.requests.clear()
    assert_frame_equal(
        fetched(source("end=2024-06-05")),
        truth({"AAA": listing}, FIRST, date(2024, 6, 5), daily=True),
    )
    assert len(server.requests) == 2


def test_a_holiday_is_not_asked_for_again(server, source):
    listing, independence = server.listings["AAA"], date(2023, 7, 4)
    listing.bars = [bar for bar in listing.bars if bar[0].date() != independence]
    assert independence not in source("end=2024-06-05").fetch()["ts"]
    assert len(server.requests) == 2


def test_a_lasting_hole_is_told_and_asked_for_again_until_it_is_old(server, source, today):
    listing = server.listings["AAA"]
    gone = [bar for bar in listing.bars if date(2023, 7, 3) <= bar[0].date() < date(2023, 8, 1)]
    listing.bars = [bar for bar in listing.bars if bar not in gone]
    made = source("end=2024-06-05")
    made.fetch()
    (hole,) = made.told()["holes"]
    assert hole["from"].startswith("2023-07-01") and hole["to"].startswith("2023-08-01")
    server.requests.clear()
    source("end=2024-06-05").fetch()
    assert len(server.requests) == 3  # about, and the hole twice
    today(2024, 6, 20, 15)
    source("end=2024-06-05").fetch()
    server.requests.clear()
    source("end=2024-06-05").fetch()
    assert not server.requests


def test_hourly_bars_of_long_ago_name_the_earliest_date(server, source, today, tmp_path):
    server.listings = {"AAA": invented(date(2022, 7, 1), date(2024, 12, 31), hourly=True)}
    with pytest.raises(ConfigError, match="start: 2022-06-01 is before 2022-06-14, the earliest that Yahoo"):
        source("interval=1h", start="2022-06-01").fetch()
    today(2024, 6, 5, 15)
    source("interval=1h", start="2022-07-01").fetch()
    today(2024, 12, 5, 15)  # what was cached then is still there
    assert source("interval=1h", start="2022-07-01").fetch()["ts"].min().date() == date(2022, 7, 1)


def test_offline_never_asks(server, source, today):
    with pytest.raises(DataError, match=r"AAA: 2023-01-02 to .* is not in the cache .* offline=false"):
        source("cache.offline=true").fetch()
    online = source()
    rows = fetched(online)
    server.requests.clear()
    today(2024, 9, 1, 15)
    offline = source("cache.offline=true")
    assert_frame_equal(fetched(offline), rows)
    assert offline.fingerprint() == online.fingerprint()
    assert not server.requests


def test_the_fingerprint_follows_the_rows_only(server, source, tmp_path):
    one = source("end=2024-06-01", folder=tmp_path / "one").fingerprint()
    two = source("end=2024-06-01", "cache.page_days=40", folder=tmp_path / "two").fingerprint()
    assert one == two
    assert source("end=2024-05-01", folder=tmp_path / "one").fingerprint() != one
    server.listings["AAA"].dividends[date(2024, 1, 3)] = 0.01
    assert source("end=2024-06-01", folder=tmp_path / "three").fingerprint() != one


def test_an_unknown_ticker_is_one_line_and_leaves_no_file(source, tmp_path):
    with pytest.raises(DataError, match="Yahoo: NOPE: no data found; check the ticker"):
        source(tickers="NOPE").fetch()
    assert not files(tmp_path)


def test_a_missing_package_names_the_extra(source, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("curl_cffi")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "curl_cffi", None)
    with pytest.raises(ConfigError, match=r"'curl_cffi': pip install .* 'ploutos\[yfinance\]'"):
        source().fetch()


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("start=2024-13-01", "start: '2024-13-01' is not a date"),
        ("end=2023-01-02", "end: 2023-01-02 is not after start 2023-01-02"),
        ("tickers=[]", "the list is empty"),
        ("tickers=['A B']", "'A B' is not a ticker"),
    ],
)
def test_bad_settings_are_one_line(source, override, told):
    with pytest.raises(Exception, match=told):
        source(override)


def test_rows_that_contradict_each_other_are_counted_and_the_last_is_taken(server, source):
    def contradict(answer):
        result = fresh_bars(answer)
        columns = result["indicators"]["quote"][0]
        result["timestamp"] = [*result["timestamp"][:3], *result["timestamp"]]
        columns.update({name: [*(2 * x for x in values[:3]), *values] for name, values in columns.items()})

    server.faults = [None, provider.changed(contradict)]
    made = source()
    assert_frame_equal(
        fetched(made), truth({"AAA": server.listings["AAA"]}, FIRST, date(2024, 6, 12), daily=True)
    )
    counts = made.told()["counts"]
    assert counts["rows_contradicted"] == 3 and counts["pages_unsorted"] == 1
    assert counts["rows_repeated"] == counts["rows_without_price"] == 0
