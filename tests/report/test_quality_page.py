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


def year(number, tickers, bars, **more):
    whole = {
        "first": f"{number}-01-02",
        "last": f"{number}-12-31",
        "sessions": 252,
        "sessions_missing": 0,
        "sessions_of_year": 252,
        "partial": False,
    }
    return {"year": number, "tickers": tickers, "bars": bars} | whole | more


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
            year(2015, 3200, 700_000, first="2015-03-20", sessions=198, partial=True),
            year(2016, 6400, 1_500_000, sessions=250, sessions_missing=2),
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
    facts = {"file": f"{HOSTILE}.parquet"}
    page = Page(render(told, title=f"{HOSTILE} bars", source=f"csv: {HOSTILE}", facts=facts))
    assert {"dropped", "rules", "examples", "coverage", "facts"} <= page.ids
    assert "script" not in page.tags
    assert all(reference.startswith("#") and reference[1:] in page.ids for reference in page.references)
    text = " ".join(page.text)
    for shown in ("3,099,740", "3,098,052", "7,071", "spike", "5,947", "clean", "2016", "6,400", HOSTILE):
        assert shown in text


def test_years_are_drawn_against_the_fullest(told):
    page = render(told, title="x", source="csv: x", facts={})
    assert "width:50.0%" in page
    assert "width:100.0%" in page


def test_nothing_found_and_nothing_kept(told):
    empty = told | {"rules": [], "coverage": [], "rows_kept": 0, "tickers": 0}
    text = " ".join(Page(render(empty, title="x", source="csv: x", facts={})).text)
    assert "Nothing was found." in text
    assert "No bar was kept." in text


def test_the_json_is_the_report(told):
    assert json.loads(as_json(told)) == told


def lossy(told):
    """Return a report of 1000 rows of which 390 are left."""
    counts = {"rows_read": 1000, "rows_kept": 390, "rows_outside_session": 520, "rows_mixed_bar": 75}
    return told | counts | {"rules": [rule("spike", "error", 10), rule("gap", "info", 9, action="kept")]}


def test_the_page_leads_with_what_was_dropped_and_why(told):
    source = render(lossy(told), title="x", source="csv: /data/prices.csv", facts={})
    text = " ".join(" ".join(Page(source).text).split())
    first = text[: text.index("What was dropped, and why")]
    assert "610 of 1,000 rows that were read (61.0 %) are no bars" in first
    assert "52.0 % outside the sessions of the calendar, 7.5 % partly outside a session" in first
    assert "csv: /data/prices.csv" in first and "spike: 10 in 2 tickers, masked" in first
    assert text.index("What was dropped, and why") < text.index("Masked or dropped")
    table = text[text.index("What was dropped, and why") :]
    assert "masked by the rule spike 10 1.0 %" in table
    assert "otherwise, see the source 5 0.5 %" in table  # 1000 - 390 - 520 - 75 - 10


def test_reasons_add_up_to_what_was_lost(told):
    from ploutos.data.quality.dropped import losses, lost

    report = lossy(told)
    assert sum(loss.rows for loss in losses(report)) == lost(report) == 610
    joined = report | {"rows_kept": 195, "resampling": {"rows_before": 390, "rows_after": 195}}
    assert {loss.name: loss.rows for loss in losses(joined)}["joined"] == 195
    assert losses(told | {"rows_kept": told["rows_read"], "rules": []}) == []


def test_a_year_in_which_the_data_begin_is_partial_and_no_hole(told):
    text = " ".join(" ".join(Page(render(told, title="x", source="x", facts={})).text).split())
    assert "2015 partial 3,200 700,000 198 of 252 2015-03-20 to 2015-12-31" in text
    assert "2016 6,400 1,500,000 250 of 252 2" in text and "2016 partial" not in text
