"""What a rule found and what was done about it."""

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any, Literal, Protocol

import polars as pl

from ploutos.types import DataError
from ploutos.types.bars import PRICE_COLUMNS

Severity = Literal["info", "warning", "error"]
Action = Literal["kept", "masked", "dropped", "repaired", "sorted", "refused"]
Judgement = Literal["kept", "masked", "refused"]
"""What may be done about a doubtful bar. Masked: the row is removed, the ticker has no bar at that time."""

EXAMPLES = 5
VALUES = (*PRICE_COLUMNS, "volume")


class Rule(Protocol):
    """A rule as its findings name it."""

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def severity(self) -> Severity: ...  # noqa: D102


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of the quality report; a rule that found nothing reports a count of 0.

    Attributes
    ----------
    rule, severity : the rule's name and how much its finding matters.
    count : rows (of `gap` and `partial_day` sessions of a ticker, of `ends_early` tickers).
    tickers : distinct tickers among them.
    examples : at most five, JSON-ready: `ticker`, `ts` (ISO 8601) and the values that tell the story.
    action : what was done to these rows.
    threshold : the setting that decides, in the rule's own unit; None where there is none to set.
    remedy : what a person can do about it; None where the rule has done what there is to do.
    """

    rule: str
    severity: Severity
    count: int
    tickers: int
    examples: tuple[dict[str, Any], ...]
    action: Action
    threshold: float | None
    remedy: str | None = None

    def counting(self, count: int) -> "Finding":
        """Return the same finding with another count, where a row stands for several things."""
        return replace(self, count=count)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON-ready form."""
        return asdict(self) | {"examples": list(self.examples)}


def finding(
    rule: Rule,
    bad: pl.DataFrame,
    *,
    action: Action,
    threshold: float | None = None,
    columns: Iterable[str] = VALUES,
    name: str | None = None,
    remedy: str | None = None,
) -> Finding:
    """Describe the rows `bad`; `name` differs from the rule's where it reports several things."""
    return Finding(
        rule=name or rule.name,
        severity=rule.severity,
        count=bad.height,
        tickers=bad["ticker"].n_unique(),
        examples=examples(bad, columns),
        action=action,
        threshold=threshold,
        remedy=remedy,
    )


def examples(bad: pl.DataFrame, columns: Iterable[str]) -> tuple[dict[str, Any], ...]:
    """Return the first row of each of the first tickers; of a single ticker its first rows."""
    shown = ["ticker", "ts", *(column for column in columns if column in bad.columns)]
    one_each = bad.select(shown).unique("ticker", keep="first", maintain_order=True)
    chosen = one_each if one_each.height > 1 else bad.select(shown)
    return tuple(
        {key: plain(value) for key, value in row.items()} for row in chosen.head(EXAMPLES).to_dicts()
    )


def plain(value: Any) -> Any:
    """Return `value` as JSON can hold it: ISO 8601 for dates and times, text for NaN and infinities."""
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def judge(
    rule: Rule,
    frame: pl.DataFrame,
    bad: pl.Series,
    *,
    action: Action,
    file: str,
    say: Callable[[dict[str, Any]], str],
    threshold: float | None = None,
    columns: Iterable[str] = VALUES,
) -> tuple[pl.DataFrame, Finding]:
    """Return the frame after `action` on its rows `bad` (Boolean, no nulls), and the finding.

    Raises
    ------
    DataError
        The action is "refused" and a row is bad; `say` words what is wrong with the first one.
    """
    rows = frame.filter(bad)
    if action == "refused" and not rows.is_empty():
        raise refusal(file, rows.row(0, named=True), say)
    if action in ("masked", "dropped") and not rows.is_empty():
        frame = frame.filter(~bad)
    return frame, finding(rule, rows, action=action, threshold=threshold, columns=columns)


def refusal(file: str, row: dict[str, Any], say: Callable[[dict[str, Any]], str]) -> DataError:
    """Build the one-line error that names file, ticker, time and what is wrong."""
    return DataError(f"{file}: ticker {row['ticker']} at {plain(row['ts'])}: {say(row)}")
