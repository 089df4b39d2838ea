"""What an audit found, as data."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One output that depends on what it must not know.

    Attributes
    ----------
    component : "features", "universe", "macro", ...
    column : the output's name within the component.
    time : first offending time, ISO 8601 UTC; of a fitted number the first bar of its training window, from
        which on it is used; None where the output has no time.
    perturbation : what was done to the future, or the rule that is broken; several joined by "+".
    cut : the time after which the data were changed when this was seen; None where there is none.
    bars_ahead : at least so many bars of the future are seen; None where that has no meaning.
    detail : one sentence for a person.
    """

    component: str
    column: str
    time: str | None
    perturbation: str
    cut: str | None
    bars_ahead: int | None
    detail: str

    @property
    def name(self) -> str:
        """Name by which a finding is accepted: "component.column"."""
        return f"{self.component}.{self.column}"


@dataclass(frozen=True, kw_only=True)
class Section:
    """The audit of one component.

    Attributes
    ----------
    columns : outputs that were compared.
    cuts : times after which the data were changed.
    comparisons : recomputations whose outputs were compared.
    notes : what could not be tested, and why.
    """

    component: str
    columns: int
    cuts: int
    comparisons: int
    seconds: float
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Report:
    """The audit of a composed config."""

    sections: Sequence[Section]
    accepted: Sequence[str] = field(default=())

    @property
    def leaks(self) -> list[Finding]:
        """Findings that nobody accepted."""
        return [f for section in self.sections for f in section.findings if f.name not in self.accepted]

    @property
    def clean(self) -> bool:
        """True where nothing leaks."""
        return not self.leaks

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON-ready report."""
        return {
            "clean": self.clean,
            "leaks": [asdict(finding) for finding in self.leaks],
            "accepted": list(self.accepted),
            "sections": [asdict(section) for section in self.sections],
        }


def when(ts: int) -> str:
    """Return a time of microseconds since the epoch as ISO 8601 UTC."""
    return datetime.fromtimestamp(int(ts) / 1e6, UTC).isoformat()
