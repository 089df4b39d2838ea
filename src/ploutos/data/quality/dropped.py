"""What became of the rows that were read and are not among the bars."""

from dataclasses import dataclass
from typing import Any

REASONS = {
    "rows_other_tickers": "of tickers that were not asked for",
    "rows_outside_session": "outside the sessions of the calendar",
    "rows_mixed_bar": "partly outside a session",
    "rows_no_session": "daily, on a date without a session",
    "rows_impossible_time": "without a time that exists once in its zone",
}
"""Counts that a source tells of its reading, as a person reads them."""
GONE = ("masked", "dropped")


@dataclass(frozen=True)
class Loss:
    """One reason: its name in the report, what it means, and how many rows."""

    name: str
    meaning: str
    rows: int


def losses(told: dict[str, Any]) -> list[Loss]:
    """Return the reasons for which rows of a quality report were dropped, the most rows first.

    Rows that the reasons do not account for come last, such as those of names without lines of their own.
    """
    found = [
        Loss(name.removeprefix("rows_"), meaning, int(told.get(name, 0))) for name, meaning in REASONS.items()
    ]
    found += [
        Loss(rule["rule"], f"{rule['action']} by the rule {rule['rule']}", rule["count"])
        for rule in told.get("rules", [])
        if rule["action"] in GONE
    ]
    resampled = told.get("resampling", {})
    joined = resampled.get("rows_before", 0) - resampled.get("rows_after", 0)
    found.append(Loss("joined", "joined into longer bars", joined))
    found = sorted((loss for loss in found if loss.rows), key=lambda loss: -loss.rows)
    rest = lost(told) - sum(loss.rows for loss in found)
    return [*found, Loss("other", "otherwise, see the source", rest)] if rest > 0 else found


def lost(told: dict[str, Any]) -> int:
    """Return how many of the rows that were read are not among the bars."""
    return int(told["rows_read"]) - int(told["rows_kept"])


def share(rows: int, told: dict[str, Any]) -> str:
    """Return rows as a share of those that were read, such as "60.1 %"; a little is never told as nothing."""
    part = 100 * rows / max(1, int(told["rows_read"]))
    return "under 0.1 %" if 0 < part < 0.1 else f"{part:.1f} %"
