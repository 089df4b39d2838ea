"""A suite of checks judges a study; suites differ only in which checks they hold."""

from typing import Any

from ploutos.types import Check, ConfigError, Study, Verdict, checked
from ploutos.validation.prospect import Obstacle, Prospect, foreseen
from ploutos.validation.rule import Rule, uncomputed


class Suite:
    """Named rules, asked in order."""

    @checked
    def __init__(self, *, checks: dict[str, Any]) -> None:
        for name, rule in checks.items():
            if not callable(rule):
                raise ConfigError(
                    f"validation.checks.{name}: {rule!r} is no check; leave it out with"
                    f" ~validation.checks.{name}, add one with +validation/check@validation.checks.{name}=..."
                )
        self.checks: dict[str, Rule] = checks

    def foresee(self, prospect: Prospect) -> list[tuple[str, Obstacle]]:
        """Return the keys and reasons of gates that cannot pass, whatever is trained."""
        found = [
            (f"validation.checks.{name}.{it.setting}", it)
            for name, rule in self.checks.items()
            for it in foreseen(rule, prospect)
        ]
        if not any(getattr(rule, "gate", True) for rule in self.checks.values()):
            text = "none of its checks is a gate, so nothing could ever be accepted; keep at least one"
            found.append(("validation.checks", Obstacle(setting="checks", text=text, final=True)))
        return found

    def judge(self, study: Study) -> Verdict:
        """Return the verdict: rejected if a run is missing, a gate fails or a gate cannot be computed."""
        answers = [answer for name, rule in self.checks.items() for answer in _ask(name, rule, study)]
        return Verdict.of(tuple(answers), incomplete=missing(study))


def _ask(name: str, rule: Rule, study: Study) -> tuple[Check, ...]:
    """Ask one rule; whatever it raises, panics of native libraries included, is a check not passed."""
    try:
        return tuple(rule(study))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return (uncomputed(name, error, gate=getattr(rule, "gate", True)),)


def missing(study: Study, *, listed: int = 4) -> str | None:
    """Say which training runs the study lacks (the first `listed` by name), or None if it is complete.

    Every fold needs a finished run with every seed that any fold has.
    """
    unfinished = [
        f"fold {child.fold} seed {child.seed} {child.state}" + (f" ({child.reason})" if child.reason else "")
        for child in study.children
        if child.state != "FINISHED"
    ]
    runs = {(child.fold, child.seed) for child in study.children}
    seeds = sorted({seed for _, seed in runs})
    absent = [
        f"fold {fold.index} seed {seed} has no run"
        for fold in study.folds
        for seed in seeds
        if (fold.index, seed) not in runs
    ]
    bare = [f"fold {fold.index} has no run" for fold in study.folds if not seeds]
    gaps = [" ".join(gap.split()) for gap in unfinished + absent + bare]
    if not gaps:
        return None
    more = f"; and {len(gaps) - listed} more" if len(gaps) > listed else ""
    return f"{len(gaps)} of the study's runs missing: " + "; ".join(gaps[:listed]) + more
