"""The data-quality page: complete, without scripts, and safe with hostile names; the table for people."""

import json
from html.parser import HTMLParser

import pytest

from ploutos.data.quality.table import HEAD, table_rows
from ploutos.report.quality_page import as_json, render

HOSTILE = "<script>alert(1)</script>"


def rule(name, severity, count, **more):
    example = {"ticker": HOSTILE, "ts": "2024-01-05T21:00:00+00:00", "close": 3730.0, "volume": None}
    base = {
        "rule": name,
        "severity": severity,
        "count": count,
        "tickers": min(count, 2),
        "examples": [example] if count else [],
        "action": "masked",
        "threshold": 5.0,
    }
    return base | more


@pytest.fixture
def told():
    return {
        "rows_read": 3_099_740,
        "rows_kept": 3_098_052,
        "tickers": 7071,
        "rules": [
            rule("gap", "info", 5947, action="kept", threshold=1.0),
            rule("duplicate", "warning", 0, threshold=None),
            rule("spike", "error", 408),
        ],
        "coverage": [
            {"year": 2015, "tickers": 3200, "bars": 700_000},
            {"year": 2016, "tickers": 6400, "bars": 1_500_000},
        ],
    }


class Page(HTMLParser):
    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.tags, self.ids, self.references, self.text = [], set(), [], []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.ids |= {value for name, value in attrs if name == "id"}
        self.references += [value for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data):
        self.text.append(data)


def test_the_table_shows_what_matters_first_and_one_example_on_a_line(told):
    rows = table_rows(told["rules"])
    assert [row[0] for row in rows] == ["spike", "gap", "duplicate"]
    assert rows[0] == (
        "spike", "error", "408", "2", "masked", "5", f"{HOSTILE} 2024-01-05T21:00:00Z: close 3730",
    )  # fmt: skip
    assert rows[2] == ("duplicate", "-", "0", "0", "-", "", "")
    assert all(len(row) == len(HEAD) for row in rows)


def test_the_page_is_complete_safe_and_needs_nothing_else(told):
    page = Page(render(told, title=f"{HOSTILE} bars", facts={"file": f"{HOSTILE}.parquet"}))
    assert {"rules", "examples", "coverage", "facts"} <= page.ids
    assert "script" not in page.tags
    assert all(reference.startswith("#") and reference[1:] in page.ids for reference in page.references)
    text = " ".join(page.text)
    for shown in ("3,099,740", "3,098,052", "7,071", "spike", "5,947", "clean", "2016", "6,400", HOSTILE):
        assert shown in text


def test_years_are_drawn_against_the_fullest(told):
    page = render(told, title="x", facts={})
    assert "width:50.0%" in page
    assert "width:100.0%" in page


def test_nothing_found_and_nothing_kept(told):
    empty = told | {"rules": [], "coverage": [], "rows_kept": 0, "tickers": 0}
    text = " ".join(Page(render(empty, title="x", facts={})).text)
    assert "Nothing was found." in text
    assert "No bar was kept." in text


def test_the_json_is_the_report(told):
    assert json.loads(as_json(told)) == told
