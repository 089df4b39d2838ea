"""The quality report as lines for people."""

from collections.abc import Iterable
from typing import Any

HEAD = ("rule", "severity", "count", "tickers", "action", "threshold", "for example")


def table_rows(rules: Iterable[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Return a row under `HEAD` for each finding of a report, ASCII, the most serious findings first."""
    order = {"error": 0, "warning": 1, "info": 2}
    ranked = sorted(rules, key=lambda rule: (rule["count"] == 0, order[rule["severity"]]))
    return [
        (
            rule["rule"],
            rule["severity"] if rule["count"] else "-",
            f"{rule['count']:,}",
            f"{rule['tickers']:,}",
            rule["action"] if rule["count"] else "-",
            "" if rule["threshold"] is None else f"{rule['threshold']:g}",
            example_text(rule["examples"][0]) if rule["examples"] else "",
        )
        for rule in ranked
    ]


def example_text(example: dict[str, Any]) -> str:
    """Return one example on one line: ticker and time, then name and value of the rest."""
    rest = dict(example)
    where = " ".join(_value(rest.pop(key)) for key in ("ticker", "ts") if rest.get(key) is not None)
    values = ", ".join(f"{name} {_value(value)}" for name, value in rest.items() if value is not None)
    return f"{where}: {values}" if where and values else where or values


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.8g}"
    return str(value).replace("T00:00:00", "").replace("+00:00", "Z")
