"""Training runs in the store: find a finished one or make it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

import ploutos
from ploutos.apps.guard import Controller, run_guarded
from ploutos.apps.parts import build, resolved
from ploutos.tracking.flatten import flatten
from ploutos.tracking.identity import child_key
from ploutos.tracking.mlflow import PARENT, Store
from ploutos.types import Child

KEY = "ploutos.child_key"
FOLD = "ploutos.fold"
SEED = "ploutos.seed"
KIND = "ploutos.kind"


@dataclass(frozen=True)
class Place:
    """What a job needs to know of its study: parent run (None outside a study), panel and controller."""

    parent: str | None
    study: str
    title: str  # of the study in MLflow
    panel: str
    # Taken once, at the launch: an edit of code or YAML under a running study cannot split it.
    sources: str  # hash of the code that produces results
    settings: dict[str, Any]  # the resolved config, but for fold and seed
    controller: Controller
    resume: bool


def finished(store: Store, parent: str, key: str) -> Any | None:
    """Return the newest finished child with this key, if there is one."""
    runs = store.find({PARENT: parent, KEY: key})
    return next((run for run in runs if run.info.status == "FINISHED"), None)


def ensure_child(
    config: DictConfig, store: Store, place: Place, folder: Path, environment: dict[str, str]
) -> Child:
    """Return the finished child for `config`, training it in `folder` if there is none."""
    plain = resolved(config)
    key = child_key(plain, panel=place.panel, sources=place.sources)
    if place.parent and place.resume:
        done = finished(store, place.parent, key)
        if done is not None:
            return child_of(done)
    checkpoints = build(config.checkpoints)
    if not place.resume:
        checkpoints.discard(key)
    name = f"fold {config.fold}, seed {config.seed}"
    tags = {
        KIND: "child" if place.parent else "run",
        KEY: key,
        FOLD: config.fold,
        SEED: config.seed,
        "ploutos.study": place.study,
        "ploutos.panel": place.panel,
        "ploutos.version": ploutos.__version__,
        "ploutos.sources": place.sources,
    }
    if place.parent:
        tags[PARENT] = place.parent
    run = store.start(name if place.parent else f"{place.title}: {name}", tags)
    folder.mkdir(parents=True, exist_ok=True)
    OmegaConf.save(OmegaConf.create(plain), folder / "config.yaml")
    job = {"run_id": run.run_id, "panel": place.panel, "sources": place.sources, "key": key}
    (folder / "job.json").write_text(json.dumps(job))
    run.parameters(flatten(plain))
    run.artifacts(folder / "config.yaml")
    try:
        outcome = run_guarded(folder, environment, place.controller)
    except BaseException:
        run.finish("KILLED", "interrupted")
        raise
    if (folder / "job.log").stat().st_size:
        run.artifacts(folder / "job.log")
    run.finish(outcome.state, outcome.reason)
    if outcome.state == "FINISHED":
        checkpoints.discard(key)
    return child_of(store.get(run.run_id))


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
