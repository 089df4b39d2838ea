"""The data-quality report as one HTML page without scripts, and as JSON."""

import json
from importlib.resources import files
from string import Template
from typing import Any

from ploutos.data.quality.dropped import losses, lost, share
from ploutos.data.quality.table import HEAD, example_text, table_rows
from ploutos.report.tables import facts as facts_list
from ploutos.report.tables import table, warnings
from ploutos.report.text import escape, number

_PILLS = {"error": "bad", "warning": "bad", "info": "mild", "-": "good"}
_NUMBERS = ("count", "tickers", "threshold")


def render(told: dict[str, Any], *, title: str, source: str, facts: dict[str, str]) -> str:
    """Return the page of a report of `ploutos.data.quality.quality.quality_report`.

    `title` names the data, `source` says where they were read, `facts` are name-value pairs about them.
    """
    return _asset("quality_page.html").substitute(
        title=escape(title),
        source=escape(source),
        style=_asset("page.css").template,
        summary=escape(summary(told)),
        errors=warnings(_errors(told["rules"])),
        tiles=_tiles(told),
        dropped=_dropped(told),
        rules=_rules(told["rules"]),
        examples=_examples(told["rules"]),
        coverage=_coverage(told["coverage"]),
        facts=facts_list(facts) or '<p class="note">Nothing to tell.</p>',
    )


def as_json(told: dict[str, Any]) -> str:
    """Return the same report as JSON text."""
    return json.dumps(told, indent=2, allow_nan=False)


def summary(told: dict[str, Any]) -> str:
    """Return in one sentence how many of the rows were dropped, and the main reasons."""
    gone, read = lost(told), told["rows_read"]
    if gone <= 0:
        return f"All {read:,} rows that were read are bars."
    main = ", ".join(f"{share(loss.rows, told)} {loss.meaning}" for loss in losses(told)[:3])
    return f"{gone:,} of {read:,} rows that were read ({share(gone, told)}) are no bars: {main}."


def _asset(name: str) -> Template:
    return Template(files("ploutos.report").joinpath(name).read_text(encoding="utf-8"))


def _errors(rules: list[dict[str, Any]]) -> list[str]:
    """Return a line for each finding of severity error, with what helps."""
    found = [rule for rule in rules if rule["count"] and rule["severity"] == "error"]
    return [
        f"{rule['rule']}: {rule['count']:,} in {rule['tickers']:,} tickers, {rule['action']}"
        + (f"; {rule['remedy']}" if rule.get("remedy") else "")
        for rule in sorted(found, key=lambda rule: rule["action"] != "kept")
    ]


def _tiles(told: dict[str, Any]) -> str:
    gone = max(0, lost(told))
    values = (
        ("Rows read", number(float(told["rows_read"]), 0), ""),
        ("Rows dropped", number(float(gone), 0), share(gone, told)),
        ("Bars kept", number(float(told["rows_kept"]), 0), ""),
        ("Tickers", number(float(told["tickers"]), 0), ""),
        ("Findings of severity error", str(len(_errors(told["rules"]))), ""),
    )
    return "".join(
        f'<div class="tile"><span>{name}</span><b>{value}</b><small>{note}</small></div>'
        for name, value, note in values
    )


def _dropped(told: dict[str, Any]) -> str:
    """Return a bar for each reason, as long as its share of the rows that were read."""
    rows = [
        [
            f'<th scope="row">{escape(loss.meaning)}</th>',
            f'<td class="num">{loss.rows:,}</td>',
            f'<td class="num">{share(loss.rows, told)}</td>',
            _meter(loss.rows / max(1, told["rows_read"])),
        ]
        for loss in losses(told)
    ]
    head = _head(("rows dropped", ""), ("rows", "num"), ("of all read", "num"), ("", ""))
    return table(head, rows) if rows else '<p class="note">No row was dropped.</p>'


def _head(*columns: tuple[str, str]) -> list[str]:
    return [f'<th scope="col" class="{css}">{escape(name)}</th>' for name, css in columns]


def _meter(part: float, css: str = "") -> str:
    return f'<td class="meters"><div class="meter {css}" style="width:{100 * part:.1f}%"></div></td>'


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
    return table(_head(*((name, "num" if name in _NUMBERS else "") for name in HEAD)), rows)


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
    """Return a bar for each year: its height of names, and how much of the year the data reach over."""
    most = max((year["tickers"] for year in years), default=0)
    rows = []
    for year in years:
        note = f"{year['first']} to {year['last']}" if year["partial"] else ""
        missing = year["sessions_missing"]
        rows.append(
            [
                f'<th scope="row">{year["year"]}'
                + (' <span class="pill mild">partial</span></th>' if year["partial"] else "</th>"),
                f'<td class="num">{number(float(year["tickers"]), 0)}</td>',
                f'<td class="num">{number(float(year["bars"]), 0)}</td>',
                f'<td class="num">{year["sessions"]} of {year["sessions_of_year"]}</td>',
                f'<td class="num">{missing or ""}</td>',
                f'<td class="nowrap">{note}</td>',
                _meter(year["tickers"] / most, "part" if year["partial"] else ""),
            ]
        )
    names = ("year", "tickers", "bars", "sessions", "missing between", "reaches from, to", "tickers")
    head = _head(*((name, "num" if 0 < k < 5 else "") for k, name in enumerate(names)))
    return table(head, rows) if rows else '<p class="note">No bar was kept.</p>'
