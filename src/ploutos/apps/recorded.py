"""A run of the store, read back so that it can be judged again."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from ploutos.apps.children import KIND, STUDY_KEY, child_of, children_of
from ploutos.apps.conf_dir import conf_dir
from ploutos.apps.judgements import ACCEPTED, CONFIG, JUDGED, NAME, RECORD, is_judged
from ploutos.apps.parts import Parts, build_parts, stored_panel
from ploutos.apps.safety import plain_yaml
from ploutos.apps.safety.components import check_all
from ploutos.apps.study_context import PLAN
from ploutos.tracking.mlflow import PARENT, Store
from ploutos.types import Child, ConfigError, DataError, Fold, PloutosError, one_of

if TYPE_CHECKING:
    from ploutos.panel.panel import Panel

PANEL = "ploutos.panel"
CANDIDATES = 8  # told of an ambiguous name
# What a config means that was recorded before there was such a key.
BEFORE = {"regime": {"_target_": "ploutos.regime.no_regime.NoRegime"}}


@dataclass(frozen=True)
class Recorded:
    """A study, or a single run, as the store knows it."""

    run_id: str
    identity: str | None  # of a study: names its lock
    config: DictConfig
    panel: str
    children: list[Child]


def find(store: Store, wanted: str) -> Any:
    """Return the run with this id, or the only study or single run of this name."""
    known = [run for kind in ("study", "run") for run in store.find({KIND: kind})]
    for run in known:
        if run.info.run_id == wanted:
            return run
    named = [run for run in known if run.data.tags.get(NAME) == wanted]
    if len(named) > 1:
        raise _ambiguous(wanted, named)
    if named:
        return named[0]
    child = next((run for run in store.find({KIND: "child"}) if run.info.run_id == wanted), None)
    if child is not None:
        raise ConfigError(f"study: run {wanted} is one child; judge its study={child.data.tags.get(PARENT)}")
    record = next((run for run in store.find({KIND: RECORD}) if run.info.run_id == wanted), None)
    if record is not None:
        judged = record.data.tags.get(JUDGED)
        raise ConfigError(f"study: run {wanted} is a judgement; judge its study={judged}")
    raise one_of("study", wanted, {run.data.tags.get(NAME, "") for run in known})


def _ambiguous(name: str, runs: list[Any]) -> ConfigError:
    """Name the candidates: run ids, when they were started, what they are and how they were judged."""
    told = []
    for run in sorted(runs, key=lambda run: -run.info.start_time)[:CANDIDATES]:
        started = datetime.fromtimestamp(run.info.start_time / 1000, UTC)
        tags = run.data.tags
        outcome = "ACCEPTED" if tags.get(ACCEPTED) == "True" else "REJECTED"
        kind = "study" if tags[KIND] == "study" else "single run"
        verdict = outcome if is_judged(run) else "no verdict"
        told.append(f"{run.info.run_id} ({kind} of {started:%Y-%m-%d %H:%M:%S} UTC, {verdict})")
    more = f", and {len(runs) - len(told)} older" if len(runs) > len(told) else ""
    return ConfigError(
        f"study: {len(runs)} runs are called '{name}': {', '.join(told)}{more}; say which with study=<run id>"
    )


def read(store: Store, run: Any) -> Recorded:
    """Return what the run left: its config, its panel's address and its children."""
    tags, run_id = run.data.tags, run.info.run_id
    try:
        config = plain_yaml.load(store.artifact(run_id, CONFIG), called=f"study: its {CONFIG}")
        if tags[KIND] == "study":
            plan = json.loads(store.artifact(run_id, PLAN).read_text())
            jobs, keys = [(job["fold"], job["seed"]) for job in plan], [job["key"] for job in plan]
            children = children_of(store, run_id, jobs, keys)
        else:
            children = [child_of(run)]
        recorded = Recorded(run_id, tags.get(STUDY_KEY), _plain(config), tags[PANEL], children)
    except PloutosError:
        raise
    except Exception as error:
        first = (str(error).strip().splitlines() or [""])[0]
        raise DataError(
            f"study: run {run_id} cannot be read back: {type(error).__name__}: {first}"
        ) from error
    return recorded


def _plain(config: Any) -> DictConfig:
    """Refuse a stored config with references: it was logged resolved, so somebody put them in later."""
    if not isinstance(config, DictConfig):
        raise DataError(f"study: its {CONFIG} is no mapping")
    text = json.dumps(OmegaConf.to_container(config, resolve=False), default=str)
    if "${" in text:
        raise DataError(f"study: its {CONFIG} holds a reference '${{...}}'; a recorded config is resolved")
    whole = OmegaConf.merge(BEFORE, _rules_before(config), config)
    assert isinstance(whole, DictConfig)
    check_all(whole)
    return whole


def _rules_before(config: DictConfig) -> dict[str, Any]:
    """Return the quality rules as shipped, for a config that was recorded before some of them were there.

    They complete the constructor; the panel is the recorded one, or none.
    """
    if OmegaConf.select(config, "data.quality") is None:
        return {}
    shipped = OmegaConf.load(conf_dir() / "data" / "quality" / "standard.yaml")
    return {"data": {"quality": shipped}}


def reopen(recorded: Recorded) -> "tuple[Parts, Panel, tuple[Fold, ...]]":
    """Return the components, the panel that the study was trained on, and its folds."""
    parts = build_parts(recorded.config)
    panel = stored_panel(parts, recorded.panel)
    folds = parts.split.folds(panel.ts, warmup_bars=parts.features.warmup_bars)
    wanted = sorted({child.fold for child in recorded.children})
    if not wanted or not 0 <= wanted[0] <= wanted[-1] < len(folds):
        raise DataError(f"study: its folds {wanted} are outside the split's 0..{len(folds) - 1}")
    return parts, panel, tuple(folds[index] for index in wanted)
