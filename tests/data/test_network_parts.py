"""Spans, pauses, hashes, actions and the cache file of the network sources."""

import json
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ploutos.data.corporate.dated import attach
from ploutos.data.network import holes, rows, spans
from ploutos.data.network.actions import frame_of, unadjusted
from ploutos.data.network.cache import Cache, Entry, Hole, State
from ploutos.data.network.clock import DAY
from ploutos.data.network.retries import Caller, Network, Transient, raise_if_passing, retry_after_seconds
from ploutos.types import DataError
from ploutos.types.session import SessionClock

SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=6)
COLUMNS = ("open", "volume")
TS = pl.Datetime("us", "UTC")


def points(found):
    return {at for start, end in found for at in range(start, end)}


@given(SPANS, SPANS)
def test_spans_are_sets(a, b):
    for made, wanted in (
        (spans.union(a, b), points(a) | points(b)),
        (spans.subtract(a, b), points(a) - points(b)),
    ):
        assert points(made) == wanted
        assert all(s < e for s, e in made)
        assert all(first[1] < second[0] for first, second in pairwise(made))
    assert spans.inside(a, b) == (points(a) <= points(b))


@given(st.integers(0, 100), st.integers(1, 100), st.integers(1, 30))
def test_pages_cover_a_span(start, length, page):
    cut = spans.pages((start, start + length), page)
    assert spans.union(cut) == [(start, start + length)]
    assert all(end - begin <= page for begin, end in cut) and len(cut) == -(-length // page)


@given(SPANS, st.integers(1, 30))
def test_spans_together_lose_nothing_and_stay_short(a, length):
    joined = spans.together(a, length)
    assert points(a) <= points(joined)
    assert all(end - start <= length or (start, end) in spans.union(a) for start, end in joined)
    assert all(after[1] - before[0] > length for before, after in pairwise(joined))


def network(**changes):
    usual = dict(
        timeout_seconds=1, attempts=3, backoff_seconds=0, max_wait_seconds=5, requests_per_minute=1e9
    )
    return Network(**usual | changes)


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7), ("0.5", 0.5), ("-3", 0), (None, None), ("soon", None)]
)
def test_retry_after_in_seconds(value, seconds):
    assert retry_after_seconds(value) == seconds


def test_retry_after_as_a_date():
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert 80 < retry_after_seconds(later) <= 90
    assert retry_after_seconds("Wed, 21 Oct 2015 07:28:00 GMT") == 0


@pytest.mark.parametrize(
    ("status", "passes"), [(429, True), (500, True), (503, True), (404, False), (200, False)]
)
def test_which_status_passes(status, passes):
    if not passes:
        return raise_if_passing(status, {})
    with pytest.raises(Transient) as raised:
        raise_if_passing(status, {"retry-after": "4"})
    assert raised.value.retry_after == 4


def test_attempts_are_bounded_and_other_errors_pass_through():
    calls = []

    def fails():
        calls.append(1)
        raise Transient("no luck")

    with pytest.raises(DataError, match=r"^Somewhere: AAA: no luck \(3 attempts\)$"):
        Caller(network(), "Somewhere")(fails, "AAA")
    assert len(calls) == 3
    with pytest.raises(ZeroDivisionError):
        Caller(network(), "Somewhere")(lambda: 1 / 0, "AAA")


def test_the_rate_is_kept(monkeypatch):
    now, pauses = [100.0], []

    def sleep(seconds):
        pauses.append(seconds)
        now[0] += seconds

    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("time.sleep", sleep)
    call = Caller(network(requests_per_minute=30), "Somewhere")
    for _ in range(4):
        call(lambda: None, "AAA")
    assert pauses == pytest.approx([2, 2, 2])


def frame(*values, start=0):
    ts = pl.Series("ts", [(start + i) * DAY for i in range(len(values))]).cast(pl.Datetime("us", "UTC"))
    return pl.DataFrame({"ts": ts, "open": values, "volume": [1.0] * len(values)}, strict=False)


def test_the_hash_sees_every_value_and_nothing_else():
    usual = frame(1.0, 2.0, None)
    assert rows.content_hash(usual) == rows.content_hash(pl.concat([usual[:1], usual[1:]]))
    others = [
        frame(1.0, 2.0),
        frame(1.0, 2.0, 0.0),
        frame(1.0, 2.0, float("nan")),
        frame(1.0, np.nextafter(2, 3), None),
    ]
    others += [frame(1.0, 2.0, None, start=1), usual.rename({"open": "close"})]
    hashes = {rows.content_hash(one) for one in [usual, *others]}
    assert len(hashes) == len(others) + 1


def test_revisions_are_relative_and_see_what_appears():
    old, new = frame(100.0, 100.0, None, 5.0), frame(100.05, 101.0, 3.0, 5.0)
    found = rows.revised(old, new, ("open",), 1e-3)
    assert found["ts"].dt.day().to_list() == [2, 3]
    assert found.row(0)[1:] == ("open", 100.0, 101.0)


STATE = State(
    covered=[(0, 3 * DAY)],
    holes=[Hole(1, 2, 3)],
    asked=(0, 5),
    asked_at=9,
    actions=[("2020-01-02", 2.0, 0.1)],
    answers={"timezone": "UTC"},
    revisions=["one"],
    told={"rows_served": 3},
)


def test_the_cache_gives_back_what_was_put_in(tmp_path):
    cache = Cache(tmp_path, COLUMNS)
    assert cache.read("BRK/B").frame.is_empty()
    for ticker in ("BRK/B", "^VIX", "..", "A=B"):
        with cache.lock(ticker):
            cache.write(ticker, Entry(frame(1.0, None, 3.0), STATE))
        read = cache.read(ticker)
        assert read.frame.equals(frame(1.0, None, 3.0), null_equal=True) and read.state == STATE
    assert {file.parent for file in tmp_path.rglob("*")} == {tmp_path}


@pytest.mark.parametrize("damage", ["cut", "bit", "text"])
def test_a_damaged_file_is_refused_by_name(tmp_path, damage):
    cache = Cache(tmp_path, COLUMNS)
    with cache.lock("AAA"):
        cache.write("AAA", Entry(frame(1.0, 2.0, 3.0), STATE))
    path = cache.path("AAA")
    content = path.read_bytes()
    if damage == "bit":
        pl.read_parquet(path).with_columns(pl.col("open") + 1).write_parquet(
            path, metadata={"ploutos": pl.read_parquet_metadata(path)["ploutos"]}
        )
    else:
        path.write_bytes(content[:-20] if damage == "cut" else b"no parquet")
    with pytest.raises(DataError, match=r"damaged .* delete it to download AAA anew") as refused:
        cache.read("AAA")
    assert str(path) in str(refused.value) and "\n" not in str(refused.value)


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    cache = Cache(tmp_path, COLUMNS)
    with cache.lock("AAA"):
        cache.write("AAA", Entry(frame(1.0), STATE))
        before = sorted((file, file.read_bytes()) for file in tmp_path.iterdir())

        def full(*args, **kwargs):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(DataError, match=r"AAA.parquet: cannot be written: No space left on device"):
            cache.write("AAA", Entry(frame(2.0), STATE))
    assert sorted((file, file.read_bytes()) for file in tmp_path.iterdir()) == before


DIES = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
import test_network_parts as parts
os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)
cache = parts.Cache(Path(sys.argv[1]), parts.COLUMNS)
with cache.lock("AAA"):
    cache.write("AAA", parts.Entry(parts.frame(1.0), parts.STATE))
"""


def test_what_a_dead_writer_left_is_cleared(tmp_path):
    here = Path(__file__).parent
    words = [sys.executable, "-c", DIES, str(tmp_path), str(here), str(here.parent)]
    assert subprocess.run(words, check=False).returncode == -signal.SIGKILL
    left = [file for file in tmp_path.iterdir() if file.suffix == ".part"]
    assert len(left) == 1 and left[0].stat().st_size > 100
    cache = Cache(tmp_path, COLUMNS)
    with cache.lock("BBB"):
        cache.write("BBB", Entry(frame(1.0), STATE))
    assert left[0].exists()  # another ticker's
    with cache.lock("AAA"):
        cache.write("AAA", Entry(frame(1.0), STATE))
    names = sorted(file.name for file in tmp_path.iterdir())
    assert names == ["AAA.lock", "AAA.parquet", "BBB.lock", "BBB.parquet"]


def test_files_of_others_in_the_cache_are_left(tmp_path):
    folder = tmp_path / "cache"
    folder.mkdir()
    others = {
        ".AAA.parquet.4711": b"PAR1mine",
        ".AAA.parquet.swp": b"mine",
        ".AAA.parquet.notes123.part": b"mine",
        ".AAA.parquet.abcd1234.part.txt": b"PAR1mine",
        ".AAA.parquet.ABCD1234.part": b"PAR1mine",
        ".AAAA.parquet.abcd1234.part": b"PAR1mine",
        ".AAA.parquet~": b"PAR1mine",
        "AAA.parquet.bak": b"PAR1mine",
    }
    for name, content in others.items():
        (folder / name).write_bytes(content)
    (tmp_path / "home.parquet").write_bytes(b"PAR1mine")
    (folder / ".AAA.parquet.links123.part").symlink_to(tmp_path / "home.parquet")
    cache = Cache(folder, COLUMNS)
    with cache.lock("AAA"):
        cache.write("AAA", Entry(frame(1.0), STATE))
        cache.write("AAA", Entry(frame(2.0), STATE))
        cache.drop("AAA")
    assert {name: (folder / name).read_bytes() for name in others} == others
    assert (folder / ".AAA.parquet.links123.part").is_symlink()
    assert (tmp_path / "home.parquet").read_bytes() == b"PAR1mine"


@pytest.mark.parametrize("what", ["parquet", "folder"])
def test_what_is_in_the_way_of_the_cache_is_refused(tmp_path, what):
    cache, path = Cache(tmp_path, COLUMNS), tmp_path / "AAA.parquet"
    frame(1.0).write_parquet(path) if what == "parquet" else path.mkdir()
    with pytest.raises(DataError, match=r"AAA\.parquet: not written by Ploutos; move it away") as refused:
        cache.read("AAA")
    assert "\n" not in str(refused.value) and path.exists()


def test_a_ticker_that_no_file_can_be_named_by_is_one_line(tmp_path):
    for ticker in ("A" * 300, "\u00e4" * 40):
        with pytest.raises(DataError, match=r"^ticker '.{1,20}\.\.\.': .* name of \d+ letters"):
            Cache(tmp_path, COLUMNS).read(ticker)


def test_state_is_plain_json(tmp_path):
    cache = Cache(tmp_path, COLUMNS)
    with cache.lock("AAA"):
        cache.write("AAA", Entry(frame(1.0), STATE))
    told = json.loads(pl.read_parquet_metadata(cache.path("AAA"))["ploutos"])
    assert told["covered"] == [[0, 3 * DAY]] and told["version"] == 1


def test_gaps_by_hand():
    assert holes.gaps([10, 11, 20], (8, 23), 1, 5) == [(12, 20)]
    assert holes.gaps([], (8, 23), 1, 5) == [(8, 23)]
    assert holes.gaps([20], (8, 30), 1, 5) == [(8, 20), (21, 30)]


def test_absent_sessions_by_hand():
    days = [date(1970, 1, d) for d in (1, 2, 5, 6, 7, 8)]
    found = holes.missing_sessions(
        [0, 7 * DAY], (0, 9 * DAY), "UTC", lambda a, b: [d for d in days if a <= d <= b]
    )
    assert found == [(DAY, 7 * DAY)]  # one hole over the weekend
    late = holes.missing_sessions(
        [4 * DAY], (0, 9 * DAY), "UTC", lambda a, b: [d for d in days if a <= d <= b]
    )
    assert late == [(5 * DAY, 8 * DAY)]  # nothing before the first row


def test_actions_stand_on_the_first_bar_of_their_session():
    hours = [datetime(2024, 3, d, h, tzinfo=UTC) for d in (1, 4, 5) for h in (15, 16)]
    bars = pl.DataFrame({"ts": pl.Series(hours * 2, dtype=TS), "ticker": ["A"] * 6 + ["B"] * 6})
    table = frame_of(
        {
            "A": [("2024-02-01", 9.0, 0.0), ("2024-03-02", 2.0, 0.5), ("2024-03-04", 4.0, 0.25)],
            "B": [("2024-03-05", 1.0, 0.1), ("2024-03-09", 5.0, 0.0)],
            "C": [("2024-03-05", 2.0, 0.0)],
        }
    )
    made = attach(bars, table, SessionClock("America/New_York"))
    assert made["split"].to_list() == [1, 1, 8, 1, 1, 1] + [1] * 6  # a weekend's action meets Monday's
    # One old share is two on Saturday, with 0.5 each, and eight on Monday: 1.0 / 8 + 0.25 on each of these.
    assert made["dividend"].to_list() == [0, 0, 0.375, 0, 0, 0, 0, 0, 0, 0, 0.1, 0]
    assert made.drop("split", "dividend").equals(bars)
    without = bars.filter(pl.col("ts") != hours[2])
    assert attach(without, table, SessionClock("America/New_York"))["split"].to_list()[2] == 8


def test_a_session_of_the_evening_before_takes_its_actions():
    times = [datetime(2024, 3, 3, 23, tzinfo=UTC), datetime(2024, 3, 4, 15, tzinfo=UTC)]  # 18:00, a Sunday
    bars = pl.DataFrame({"ts": pl.Series(times, dtype=TS), "ticker": ["A", "A"]})
    early = pl.concat([bars.with_columns(pl.col("ts").dt.offset_by("-3d")), bars])
    table = frame_of({"A": [("2024-03-04", 2.0, 0.0)]})
    made = attach(early, table, SessionClock("America/New_York", "17:00"))
    assert made["split"].to_list() == [1, 1, 2, 1]


def test_unadjusted_by_hand():
    adjusted = frame(10.0, 20.0, 30.0).with_columns(volume=pl.lit(600.0))
    made = unadjusted(adjusted, [(DAY, 4.0), (2 * DAY, 0.5)], ("open",))
    assert made["open"].to_list() == [20.0, 10.0, 30.0]
    assert made["volume"].to_list() == [300.0, 1200.0, 600.0]
