"""The judgement of a study: checks and what follows from them."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Check:
    """One question put to a study.

    `gate` says whether it can reject; `value` is None where it could not be computed, which never passes.
    """

    name: str
    passed: bool
    value: float | None
    threshold: float | None
    gate: bool
    summary: str  # one line a person reads, with units
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """All checks; accepted when every gate passed and nothing is missing."""

    accepted: bool
    reason: str
    checks: tuple[Check, ...]

    @classmethod
    def of(cls, checks: tuple[Check, ...], *, incomplete: str | None = None) -> "Verdict":
        """Decide: `incomplete` (what is missing) or any failed gate rejects."""
        if incomplete:
            return cls(accepted=False, reason=f"incomplete: {incomplete}", checks=checks)
        failed = [check.name for check in checks if check.gate and not check.passed]
        if failed:
            return cls(accepted=False, reason="failed: " + ", ".join(failed), checks=checks)
        if not any(check.gate for check in checks):
            return cls(accepted=False, reason="incomplete: no gate was checked", checks=checks)
        return cls(accepted=True, reason="every gate passed", checks=checks)

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready description."""
        return asdict(self) | {"checks": [asdict(check) for check in self.checks]}
