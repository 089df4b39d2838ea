"""What a check is: a configured question that turns a study into one or more `Check`s."""

from typing import Protocol

from ploutos.types import Check, PloutosError, Study


class Rule(Protocol):
    """A configured check.

    `gate` says whether at least one of its answers can reject: it decides whether a rule that cannot be
    computed rejects the study. A rule may also have a mapping `harder_when` from those of its settings that
    make it harder to pass to "larger" or "smaller": so a later judgement can say that it asked less. With a
    method `foresee` (`prospect.Prospect` -> `Obstacle`s) it says before training that it cannot be passed.
    """

    gate: bool

    def __call__(self, study: Study) -> tuple[Check, ...]:
        """Answer for `study`; raise any exception when the answer cannot be computed."""
        ...


def uncomputed(name: str, error: BaseException, *, gate: bool) -> Check:
    """Return the check of a rule that raised: never passed, no value, the reason in its summary."""
    detail = " ".join(str(error).split())
    reason = detail if isinstance(error, PloutosError) and detail else f"{type(error).__name__}: {detail}"
    return Check(
        name=name,
        passed=False,
        value=None,
        threshold=None,
        gate=gate,
        summary=f"Could not be computed: {reason}",
        evidence={"error": type(error).__name__},
    )
