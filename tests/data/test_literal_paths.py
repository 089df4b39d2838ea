"""A path is a path: no file is read for another whose name it resembles as a pattern."""

from datetime import date

import polars as pl
import pytest

from ploutos.data.delisting_table import read_delistings
from ploutos.data.files import read_columns
from ploutos.data.network.cache import Cache, Entry, State
from ploutos.types import DataError
from ploutos.types.session import SessionClock
from ploutos.types.track import Track
from ploutos.universe.membership_spells import MembershipSpells

NAMES = [
    "prices[2]",
    "prices*",
    "price?2",
    "prices{2,3}",
    "%70rices2",
    "prices2#x",
    "prices 2",
    "prîces2",
    "~prices2",
]


@pytest.fixture(params=NAMES)
def place(request, tmp_path):
    """Return a folder of an odd name beside the folders that it would stand for as a pattern."""
    for name in ("prices2", "prices3", request.param):
        (tmp_path / name).mkdir()
    return tmp_path / request.param


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_file_of_bars(place, clean, kind, parquet, csv):
    make = {"parquet": parquet, "csv": csv}[kind]
    for folder in (place.parent / "prices2", place.parent / "prices3", place):
        for name in ("prices2", "prices3", place.name):
            price = 7.0 if folder == place and name == place.name else 1.0
            same = clean.with_columns(pl.lit(price).alias(n) for n in ("open", "high", "low", "close"))
            if kind == "csv":
                same = same.with_columns(pl.col("ts").dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
            getattr(same, f"write_{kind}")(folder / f"{name}.{kind}")
    frame = make(place / f"{place.name}.{kind}").load().frame
    assert frame["close"].unique().to_list() == [7.0]
    assert frame.height == 12
    with pytest.raises(DataError, match="does not exist"):
        make(place / f"absent-{place.name}.{kind}").load()
    # A folder of files named by ticker: all of them, under their own names.
    tickers = make(place, columns={"ticker": None}).load().frame["ticker"].unique()
    assert set(tickers) == {"prices2", "prices3", place.name}


def test_a_file_of_columns_and_its_schema(place):
    for name, value in (("prices2", 1), (place.name, 7)):
        pl.DataFrame({"a": [value]}).write_parquet(place / f"{name}.parquet")
    assert read_columns(place / f"{place.name}.parquet", ["a"])["a"].to_list() == [7]
    with pytest.raises(DataError, match="columns 'x' and 'y' are missing"):
        read_columns(place / f"{place.name}.parquet", ["x", "a", "y"])


def test_spells_and_delistings(place):
    for name, ticker in (("prices2", "OLD"), (place.name, "AAA")):
        spell = {"ticker": [ticker], "start_date": [date(2020, 1, 1)], "end_date": [None]}
        pl.DataFrame(spell, schema_overrides={"end_date": pl.Date}).write_parquet(place / f"{name}.parquet")
        gone = {"ticker": [ticker], "ts": [date(2020, 1, 2)], "delisting_return": [-0.5]}
        pl.DataFrame(gone).write_parquet(place / f"{name}-gone.parquet")
    assert MembershipSpells(str(place / f"{place.name}.parquet")).on(19_000) == {"AAA"}
    found = read_delistings(str(place / f"{place.name}-gone.parquet"), SessionClock("UTC"))
    assert found["ticker"].to_list() == ["AAA"]


def test_the_cache_of_the_network(place):
    frame = pl.DataFrame({"ts": [1_600_000_000_000_000], "close": [7.0]})
    for folder, price in ((place.parent / "prices2", 1.0), (place, 7.0)):
        cache = Cache(folder, ("close",))
        entry = frame.with_columns(pl.lit(price).alias("close"), pl.col("ts").cast(pl.Datetime("us", "UTC")))
        with cache.lock("A[1]?"):
            cache.write("A[1]?", Entry(entry, State()))
    assert Cache(place, ("close",)).read("A[1]?").frame["close"].to_list() == [7.0]


def test_a_stored_track(place):
    for folder, value in ((place.parent / "prices2", 1.0), (place, 7.0)):
        frame = pl.DataFrame({"equity": [value]})
        Track(bars=frame, positions=frame).save(folder)
    assert Track.load(place).bars["equity"].to_list() == [7.0]
