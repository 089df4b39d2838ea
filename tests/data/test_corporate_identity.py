"""Whose a name was, on lines written by hand; lines and settings that cannot be used."""

from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest
from lean_by_hand import XNYS

from ploutos.data.corporate.identity import spells
from ploutos.data.corporate.lean_factors import LeanFactors
from ploutos.data.corporate.lean_lines import factor_actions, read_lines, simple_fraction
from ploutos.types import ConfigError, DataError
from ploutos.types.bars import PRICE_COLUMNS


@pytest.fixture
def lines_file(tmp_path):
    def write(*lines):
        path = tmp_path / "lines.parquet"
        rows = [dict(zip(("kind", "ticker", "line"), line, strict=True)) for line in lines]
        pl.DataFrame(rows).write_parquet(path)
        return path

    return write


def name_of(ticker, line):
    return "map_files", ticker, line


def factor_of(ticker, line):
    return "factor_files", ticker, line


def apply(path, names, *, days=None, **changes):
    """Return the result for one bar of each name on 2020-01-02 ... or on `days`."""
    settings = {"tickers": "as_traded", "unmapped": "keep", "split_tolerance": 1e-5} | changes
    days = days or [date(2020, 1, 2 + n) for n in range(len(names))]
    ts = [datetime(d.year, d.month, d.day, 21, tzinfo=UTC) for d in days]
    frame = pl.DataFrame(
        {"ts": ts, "ticker": names} | dict.fromkeys(PRICE_COLUMNS, 10.0) | {"volume": 1.0},
        schema_overrides={"ts": pl.Datetime("us", "UTC")},
    )
    return LeanFactors(path=str(path), **settings).apply(frame.sort("ticker", "ts"), XNYS)


def test_gaps_are_strangers_and_the_open_one_keeps_the_plain_name(lines_file):
    path = lines_file(
        name_of("OLD", "20000103,x,N"),
        name_of("OLD", "20041231,x,N"),
        name_of("OLD", "20501231,old,N"),
        name_of("X.1", "20100104,x,N"),
        name_of("X.1", "20101231,x,N"),
    )
    _, maps = read_lines(path)
    of_x = spells(maps).filter(pl.col("name") == "X").select("start", "permanent", "strange")
    assert of_x.rows() == [
        (date.min, "X.2", True),
        (date(2000, 1, 3), "OLD", False),
        (date(2005, 1, 1), "X.3", True),
        (date(2010, 1, 4), "X.1", False),
        (date(2011, 1, 1), "X", True),
    ]


def test_names_without_lines_and_small_letters(lines_file):
    path = lines_file(name_of("NEW", "20000103,abc"), name_of("NEW", "20501231,abc"))
    bars, actions, told = apply(path, ["abc", "other"])
    assert bars["ticker"].to_list() == ["NEW", "other"] and actions.is_empty()
    assert told["renamed"] == [
        {"ticker": "abc", "permanent": "NEW", "rows": 1, "first": "2020-01-02", "last": "2020-01-02"}
    ]
    assert told["unmapped"] == [] and told["of_these"] == ["NEW", "other"]


def test_a_company_without_map_lines_is_its_own(lines_file):
    """As NWSA in the real file: another company was called so before."""
    path = lines_file(
        name_of("OLD", "20000103,nws"),
        name_of("OLD", "20200102,nws"),
        factor_of("NWS", "20200103,1,0.5,10"),
        factor_of("NWS", "20501231,1,1,0"),
    )
    days = [date(2020, 1, 2), date(2020, 1, 3), date(2020, 1, 6)]
    bars, actions, _ = apply(path, ["NWS"] * 3, days=days)
    assert bars["ticker"].to_list() == ["NWS", "NWS", "OLD"]
    assert actions.rows() == [("NWS", datetime(2020, 1, 4, 5, 0, 0, 1, tzinfo=UTC), 2.0, 0.0, 2.0)]


def test_split_and_dividend_on_one_line(lines_file):
    """A holder of one old share at 10 gets 0.05 x 10 = 0.50 and two new shares: 0.25 each."""
    path = lines_file(factor_of("A", "20200102,0.95,0.5,10"), factor_of("A", "20501231,1,1,0"))
    factors, _ = read_lines(path)
    (row,) = factor_actions(factors, split_tolerance=0).iter_rows(named=True)
    assert (row["split"], row["dividend"]) == pytest.approx((2.0, 0.25), rel=1e-12)
    assert row["factor"] == pytest.approx(2 / 0.95, rel=1e-15)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (factor_of("A", "20200102,0.5,1"), "A has the line '20200102,0.5,1', must be yyyymmdd,price_factor"),
        (factor_of("A", "2020-01-02,1,1,1"), "'2020-01-02,1,1,1'"),
        (factor_of("A", "20200102,0,1,5"), "'20200102,0,1,5'"),
        (factor_of("A", "20200102,1,-1,5"), "'20200102,1,-1,5'"),
        (factor_of("A", "20200102,1.5,1,5"), "A on 2020-01-02 has price factor 1.5, then 1.0"),
        (factor_of("A", "20200102,0.5,1,0"), "reference must be above 0"),
        (name_of("A", "20200102"), "'20200102', must be yyyymmdd,name"),
        (("maps", "A", "20200102,a"), "kind: unknown value 'maps'. Nearest: 'map_files'"),
    ],
)
def test_lines_that_cannot_be_read(lines_file, line, told):
    path = lines_file(line, factor_of("A", "20501231,1,1,0"))
    with pytest.raises(ConfigError) as refused:
        apply(path, ["A"])
    assert told in str(refused.value) and "\n" not in str(refused.value)


def test_two_owners_of_one_name(lines_file):
    path = lines_file(
        name_of("A", "20000103,x"),
        name_of("A", "20501231,x"),
        name_of("B", "20190102,x"),
        name_of("B", "20501231,x"),
    )
    with pytest.raises(DataError, match="X belongs to A and to B on 2019-01-02"):
        apply(path, ["X"])


def test_two_names_of_one_company_at_once(lines_file):
    """A file by permanent ticker that also has the old name: which of the two is meant, nobody knows."""
    path = lines_file(
        name_of("NEW", "20000103,was"), name_of("NEW", "20200102,was"), name_of("NEW", "2050,new")
    )
    with pytest.raises(DataError, match="'2050,new'"):
        apply(path, ["WAS"])
    path = lines_file(name_of("NEW", "20000103,was"), name_of("NEW", "20501231,was"))
    with pytest.raises(DataError, match=r"NEW a bar at 2020-01-02.*permanent"):
        apply(path, ["NEW", "WAS"], days=[date(2020, 1, 2)] * 2)
    bars, *_ = apply(path, ["NEW", "WAS"], days=[date(2020, 1, 2)] * 2, tickers="permanent")
    assert bars["ticker"].to_list() == ["NEW", "WAS"]


def test_simple_fractions():
    ratio = np.array([6.9999972, 1.500005, 0.05, 1 / 3, 1.0027003, 34.965, 2.0003])
    expected = [7.0, 1.5, 1 / 20, 1 / 3, 1.0027003, 34.965, 2.0003]
    assert simple_fraction(ratio, 1e-5).tolist() == expected
    assert simple_fraction(ratio, 0.0).tolist() == ratio.tolist()
    assert simple_fraction(ratio, 1e-3)[-1] == 2.0
