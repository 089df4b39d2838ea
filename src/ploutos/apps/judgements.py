"""Judgements in the store: each is a run of its own, and the first one is what its study keeps."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from omegaconf import DictConfig, OmegaConf

from ploutos.apps.children import KEY, KIND, STUDY_KEY
from ploutos.apps.safety import plain_yaml
from ploutos.tracking.mlflow import Store
from ploutos.tracking.run import Run
from ploutos.types import DataError, Verdict
from ploutos.validation.differences import Asked, Differences, differences

CONFIG = "config.yaml"
VERDICT_FILE = "verdict.json"
NAME = "ploutos.study"
ACCEPTED = "ploutos.accepted"
VERDICT = "ploutos.verdict"
JUDGED = "ploutos.judged_run"  # of a judgement: the study or single run that it judges
NUMBER = "ploutos.judgement"  # of a judgement: 1 for the first of that run
DIFFERS = "ploutos.differs"  # of a judgement: from the first, in words
FIRST = "ploutos.first_judgement"  # of a study or single run: the record of the verdict that it keeps
JUDGED_AT = "ploutos.judged_at"
RECORD = "judgement"  # the kind of such a run
NO_GATE = "incomplete: no gate was checked"


class Kept(Run):
    """The run of a study that has its verdict: a launch that continues it changes nothing in it."""

    def finish(self, state: str, reason: str | None = None) -> None:
        """Leave it as it ended."""


@dataclass(frozen=True, kw_only=True)
class First:
    """The verdict that a study keeps, and what it asked."""

    run_id: str
    judged_at: str  # ISO 8601, UTC
    accepted: bool
    reason: str
    asked: Asked

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON-ready verdict, without what it asked."""
        keys = ("run_id", "judged_at", "accepted", "reason")
        return {key: getattr(self, key) for key in keys}


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """A verdict in its place among the judgements of one study.

    Attributes
    ----------
    verdict : its reason begins with what differs from the first judgement, where something does.
    judged : the run that is judged.
    number : among the judgements of that run, from 1.
    first : the oldest verdict on the same study, of another run of it where that was judged earlier.
    kept : the verdict that the run `judged` keeps.
    """

    verdict: Verdict
    asked: Asked
    judged: str
    number: int
    first: First
    kept: First
    differs: Differences

    @property
    def is_first(self) -> bool:
        """True where the study had no verdict before."""
        return self.number == 1


def is_judged(run: Any) -> bool:
    """Return True for a run that has its verdict; an incomplete study has none yet."""
    tags = run.data.tags
    if FIRST in tags:
        return True
    # Judged before judgements were records of their own.
    told = tags.get(VERDICT, "incomplete:")
    return ACCEPTED in tags and (told == NO_GATE or not told.startswith("incomplete:"))


def first_of(store: Store, run: Any) -> First | None:
    """Return the oldest verdict on what `run` holds: its own, or that of an earlier run of the same study."""
    tags = run.data.tags
    key = STUDY_KEY if STUDY_KEY in tags else KEY
    same = {KIND: tags[KIND], key: tags.get(key, ""), NAME: tags.get(NAME, "")}
    judged = [it for it in store.find(same) if is_judged(it)]
    return _read(store, min(judged, key=_judged_at)) if judged else None


def placed(
    store: Store, run: Any, verdict: Verdict, validation: DictConfig, rules: Mapping[str, Any]
) -> Judgement:
    """Compare `verdict` with the first one on what `run` holds.

    `rules` are the built checks by name; their `harder_when` says which change of a setting is softer.
    """
    asked = Asked.of(settings_of(validation), verdict.as_dict()["checks"])
    number = 1
    if is_judged(run):
        known = store.find({KIND: RECORD, JUDGED: run.info.run_id})
        number = 1 + max([1, *(int(it.data.tags[NUMBER]) for it in known)])
    run_id, now = run.info.run_id, datetime.now(UTC).isoformat(timespec="seconds")
    this = First(run_id=run_id, judged_at=now, accepted=verdict.accepted, reason=verdict.reason, asked=asked)
    first = first_of(store, run) or this
    stricter = {name: getattr(rule, "harder_when", {}) for name, rule in rules.items()}
    differs = differences(first.asked, asked, stricter)
    if differs:
        verdict = replace(verdict, reason=f"{_beside(first, differs)}: {verdict.reason}")
        this = replace(this, reason=verdict.reason)
    return Judgement(
        verdict=verdict,
        asked=asked,
        judged=run_id,
        number=number,
        first=first,
        kept=this if number == 1 else first if first.run_id == run_id else _read(store, run),
        differs=differs,
    )


def difference(store: Store, run: Any, validation: DictConfig, rules: Mapping[str, Any]) -> str:
    """Say before judging in what the checks differ from those of the first judgement, "" where in nothing."""
    first = first_of(store, run)
    if first is None:
        return ""
    stricter = {name: getattr(rule, "harder_when", {}) for name, rule in rules.items()}
    was = replace(first.asked, gates={})
    differs = differences(was, Asked.of(settings_of(validation), []), stricter)
    return f"judged {_beside(first, differs)}" if differs else ""


def _beside(first: First, differs: Differences) -> str:
    outcome = "ACCEPTED" if first.accepted else "REJECTED"
    return f"with {differs.kind()} than the first judgement, which was {outcome} ({differs.told()})"


def settings_of(validation: DictConfig) -> dict[str, Any]:
    """Return the plain settings of each check of a suite."""
    return _checks(OmegaConf.to_container(validation, resolve=True))


def _checks(plain: Any) -> dict[str, Any]:
    checks = plain.get("checks") if isinstance(plain, dict) else None
    return {str(name): dict(node) for name, node in checks.items()} if isinstance(checks, dict) else {}


def _judged_at(run: Any) -> str:
    at = datetime.fromtimestamp((run.info.end_time or run.info.start_time) / 1000, UTC)
    return str(run.data.tags.get(JUDGED_AT) or at.isoformat(timespec="seconds"))


def _read(store: Store, run: Any) -> First:
    """Read the verdict that `run` keeps; older ones tell their settings in the run's config alone."""
    tags, run_id = run.data.tags, run.info.run_id
    try:
        told = json.loads(store.artifact(run_id, VERDICT_FILE).read_text())
        if "settings" in told:
            settings = told["settings"]
        else:
            config = plain_yaml.load(store.artifact(run_id, CONFIG), called=f"its {CONFIG}")
            settings = _checks(OmegaConf.to_container(config.validation, resolve=False))
    except Exception as error:
        detail = (str(error).strip().splitlines() or [""])[0]
        raise DataError(
            f"study: the first verdict of run {run_id} cannot be read back: {type(error).__name__}: {detail}"
        ) from error
    return First(
        run_id=run_id,
        judged_at=_judged_at(run),
        accepted=tags[ACCEPTED] == "True",
        reason=tags[VERDICT],
        asked=Asked.of(settings, told["checks"]),
    )
