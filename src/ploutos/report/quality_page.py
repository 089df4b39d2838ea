"""The data-quality report as one HTML page without scripts, and as JSON."""

import json
from importlib.resources import files
from string import Template
from typing import Any

from ploutos.data.quality.table import HEAD, example_text, table_rows
from ploutos.report.tables import facts as facts_list
from ploutos.report.tables import table
from ploutos.report.text import escape, number

_PILLS = {"error": "bad", "warning": "bad", "info": "mild", "-": "good"}
_NUMBERS = ("count", "tickers", "threshold")


def render(told: dict[str, Any], *, title: str, facts: dict[str, str]) -> str:
    """Return the page of a report of `ploutos.data.quality.quality.quality_report`.

    `title` names the data, `facts` are name-value pairs about the source.
    """
    return _asset("quality_page.html").substitute(
        title=escape(title),
        style=_asset("page.css").template,
        tiles=_tiles(told),
        rules=_rules(told["rules"]),
        examples=_examples(told["rules"]),
        coverage=_coverage(told["coverage"]),
        facts=facts_list(facts) or '<p class="note">Nothing to tell.</p>',
    )


def as_json(told: dict[str, Any]) -> str:
    """Return the same report as JSON text."""
    return json.dumps(told, indent=2, allow_nan=False)


def _asset(name: str) -> Template:
    return Template(files("ploutos.report").joinpath(name).read_text(encoding="utf-8"))


def _tiles(told: dict[str, Any]) -> str:
    broken = sum(bool(rule["count"]) and rule["severity"] == "error" for rule in told["rules"])
    values = (
        ("Rows read", told["rows_read"]),
        ("Rows kept", told["rows_kept"]),
        ("Tickers", told["tickers"]),
        ("Rules with errors", broken),
    )
    return "".join(
        f'<div class="tile"><span>{name}</span><b>{number(float(value), 0)}</b></div>'
        for name, value in values
    )


def _rules(rules: list[dict[str, Any]]) -> str:
    rows = []
    for name, severity, *rest in table_rows(rules):
        word = "clean" if severity == "-" else severity
        cells = [f'<th scope="row">{escape(name)}</th>']
        cells.append(f'<td><span class="pill {_PILLS[severity]}">{word}</span></td>')
        for column, value in zip(HEAD[2:], rest, strict=True):
            css = "num" if column in _NUMBERS else ("wide" if column == HEAD[-1] else "")
            cells.append(f'<td class="{css}">{escape(value)}</td>')
        rows.append(cells)
    head = [
        f'<th scope="col" class="{"num" if name in _NUMBERS else ""}">{escape(name)}</th>' for name in HEAD
    ]
    return table(head, rows)


def _examples(rules: list[dict[str, Any]]) -> str:
    parts = [
        f"<h3>{escape(rule['rule'])}, {escape(rule['action'])}</h3><ul>"
        + "".join(f"<li>{escape(example_text(example))}</li>" for example in rule["examples"])
        + "</ul>"
        for rule in rules
        if rule["examples"]
    ]
    return "".join(parts) or '<p class="note">Nothing was found.</p>'


def _coverage(years: list[dict[str, Any]]) -> str:
    """Return a bar for each year, as long as its share of the most tickers that a year has."""
    most = max((year["tickers"] for year in years), default=0)
    rows = []
    for year in years:
        width = f"{100 * year['tickers'] / most:.1f}%"
        rows.append(
            [
                f'<th scope="row">{year["year"]}</th>',
                f'<td class="num">{number(float(year["tickers"]), 0)}</td>',
                f'<td class="num">{number(float(year["bars"]), 0)}</td>',
                f'<td class="meters"><div class="meter" style="width:{width}"></div></td>',
            ]
        )
    head = [
        f'<th scope="col" class="{css}">{name}</th>'
        for name, css in (("year", ""), ("tickers", "num"), ("bars", "num"), ("", ""))
    ]
    return table(head, rows) if rows else '<p class="note">No bar was kept.</p>'
