"""Training runs in the store: find a finished one or make it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

import ploutos
from ploutos.apps.guard import run_guarded
from ploutos.apps.interrupts import interrupts
from ploutos.apps.launch import TAG, Launch
from ploutos.apps.parts import build, resolved
from ploutos.tracking.flatten import flatten
from ploutos.tracking.identity import child_key
from ploutos.tracking.mlflow import CONTROLLER, PARENT, Store
from ploutos.tracking.run import Run
from ploutos.types import Child

KEY = "ploutos.child_key"
STUDY_KEY = "ploutos.study_key"
FOLD = "ploutos.fold"
SEED = "ploutos.seed"
KIND = "ploutos.kind"
LAUNCH = TAG


@dataclass(frozen=True)
class Place:
    """What a job needs to know of its study: parent run (None outside a study), panel and launch."""

    parent: str | None
    study: str
    title: str  # of the study in MLflow
    panel: str
    # Taken once, at the launch: an edit of code or YAML under a running study cannot split it.
    sources: str  # hash of the code that produces results
    settings: dict[str, Any]  # the resolved config, but for fold and seed
    launch: Launch
    resume: bool
    together: tuple[int, ...] | None = None  # seeds of each fold that are trained together


def finished(store: Store, parent: str, key: str) -> Any | None:
    """Return the newest finished child with this key, if there is one."""
    runs = store.find({PARENT: parent, KEY: key})
    return next((run for run in runs if run.info.status == "FINISHED"), None)


@dataclass(frozen=True)
class Wanted:
    """A child to be trained: its seed, its key and the folder of its results."""

    seed: int
    key: str
    folder: Path


def ensure_child(
    config: DictConfig, store: Store, place: Place, folder: Path, environment: dict[str, str]
) -> Child:
    """Return the finished child for `config`, training it in `folder` if there is none."""
    key = child_key(resolved(config), panel=place.panel, sources=place.sources)
    if place.parent and place.resume:
        done = finished(store, place.parent, key)
        if done is not None:
            return child_of(done)
    wanted = [Wanted(config.seed, key, folder)]
    (child,) = train_children(config, store, place, wanted, key, folder, environment)
    return child


def train_children(
    config: DictConfig,
    store: Store,
    place: Place,
    wanted: Sequence[Wanted],
    key: str,
    home: Path,
    environment: dict[str, str],
) -> list[Child]:
    """Train children in one guarded process that works in `home`, one of theirs; its checkpoint is `key`."""
    checkpoints = build(config.checkpoints)
    if not place.resume:
        checkpoints.discard(key)
    plain = resolved(config)
    runs = [_started(plain | {"seed": it.seed}, store, place, it) for it in wanted]
    entries = [
        {"seed": it.seed, "run_id": run.run_id, "folder": str(it.folder)}
        for it, run in zip(wanted, runs, strict=True)
    ]
    job = {"runs": entries, "panel": place.panel, "sources": place.sources, "key": key}
    (home / "job.json").write_text(json.dumps(job))
    try:
        outcome = run_guarded(home, environment, place.launch.controller)
    except BaseException:
        for run in runs:
            run.close("KILLED", interrupts.reason())  # else the launch settles it, or the next one
        raise
    for run in runs:
        if (home / "job.log").stat().st_size:
            run.artifacts(home / "job.log")
        run.finish(outcome.state, outcome.reason)
    if outcome.state == "FINISHED":
        checkpoints.discard(key)
    return [child_of(store.get(run.run_id)) for run in runs]


def _started(plain: dict[str, Any], store: Store, place: Place, wanted: Wanted) -> Run:
    """Open the run of a child and leave its config there and in its folder."""
    name = f"fold {plain['fold']}, seed {wanted.seed}"
    tags = {
        KIND: "child" if place.parent else "run",
        KEY: wanted.key,
        FOLD: plain["fold"],
        SEED: wanted.seed,
        LAUNCH: place.launch.id,
        CONTROLLER: place.launch.controller.as_text(),
        "ploutos.study": place.study,
        "ploutos.panel": place.panel,
        "ploutos.version": ploutos.__version__,
        "ploutos.sources": place.sources,
    }
    if place.parent:
        tags[PARENT] = place.parent
    run = store.start(name if place.parent else f"{place.title}: {name}", tags)
    wanted.folder.mkdir(parents=True, exist_ok=True)
    OmegaConf.save(OmegaConf.create(plain), wanted.folder / "config.yaml")
    run.parameters(flatten(plain))
    run.artifacts(wanted.folder / "config.yaml")
    return run


def children_of(
    store: Store, parent: str, jobs: Sequence[tuple[int, int]], keys: Sequence[str]
) -> list[Child]:
    """Return the child of every job, the finished one where there is one; MISSING where none was started."""
    children = []
    for (fold, seed), key in zip(jobs, keys, strict=True):
        tried = store.find({PARENT: parent, KEY: key})
        found = finished(store, parent, key) or (tried[0] if tried else None)
        missing = Child(fold=fold, seed=seed, run_id=None, state="MISSING", key=key)
        children.append(child_of(found) if found else missing)
    return children


def child_of(run: Any) -> Child:
    """Describe a run of the store as a study's child."""
    tags = run.data.tags
    return Child(
        fold=int(tags[FOLD]),
        seed=int(tags[SEED]),
        run_id=run.info.run_id,
        state=run.info.status,
        key=tags[KEY],
        reason=tags.get("ploutos.reason"),
        metrics={
            k: v for k, v in run.data.metrics.items() if k.startswith(("test_", "validation_", "training_"))
        },
    )
