"""What the launching process prepares for a study, and what its jobs receive."""

import json
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig, OmegaConf, open_dict

from ploutos.apps.children import KIND, STUDY_KEY, Place
from ploutos.apps.data_errors import DataErrors
from ploutos.apps.errors import describe
from ploutos.apps.foresight import foresee
from ploutos.apps.interrupts import interrupts
from ploutos.apps.judgements import CONFIG, Kept, difference, is_judged
from ploutos.apps.label import label
from ploutos.apps.launch import Launch
from ploutos.apps.parts import build, build_parts, check_parts, open_panel, resolved
from ploutos.apps.preflight import check_folders, check_values
from ploutos.apps.seed_group import together
from ploutos.apps.sweep import compose_job, expand, task_overrides
from ploutos.panel.sources import source_hash
from ploutos.tracking.flatten import flatten
from ploutos.tracking.identity import RESULT_PACKAGES, child_key, study_key
from ploutos.tracking.lock import file_lock
from ploutos.tracking.mlflow import CONTROLLER, PARENT, Store
from ploutos.tracking.orphans import settle
from ploutos.tracking.run import Run
from ploutos.types import ConfigError

if TYPE_CHECKING:
    from ploutos.panel.panel import Panel

PLAN = "jobs.json"
INTERRUPTED = "its study was interrupted"


@dataclass(kw_only=True)
class Launched:
    """A study under way, in the process that launched it.

    Attributes
    ----------
    jobs : its (fold, seed) pairs.
    panel : kept open: while it is, nobody prunes it.
    data_errors : a line for each finding of severity error in its data.
    foreseen : a line for each gate that cannot pass, whatever is trained.
    differs : in what its checks differ from those of its first judgement, "" where in nothing.
    """

    config: DictConfig
    jobs: list[tuple[int, int]]
    keys: list[str]
    place: Place
    panel: "Panel"
    store: Store
    parent: Run
    folder: Path
    data_errors: tuple[str, ...] = ()
    foreseen: tuple[str, ...] = ()
    differs: str = ""
    held: ExitStack = field(default_factory=ExitStack)


def sweep_jobs(config: DictConfig) -> list[list[str]]:
    """Return the overrides of every job of the multirun that `config` describes."""
    jobs, swept = expand(config)
    other = sorted(swept - {"fold", "seed"})
    if other:
        raise ConfigError(
            f"study: sweeps fold and seed only, not '{other[0]}'; one configuration is one study."
            " Launch one study for each value"
        )
    return jobs


def prepare(config: DictConfig) -> Launched:
    """Check everything, build the panel, take the study's lock and open its parent run."""
    overrides = sweep_jobs(config)
    configs = [compose_job(config, job) for job in overrides]
    first = configs[0]
    for job in configs:
        check_values(job)
    check_folders(config)
    pairs = [(job.fold, job.seed) for job in configs]
    require_own_folders(configs)
    twice = [pair for k, pair in enumerate(pairs) if pair in pairs[:k]]
    if twice:
        raise ConfigError(f"fold={twice[0][0]}, seed={twice[0][1]}: swept more than once")

    from ploutos.env.market import Market

    parts = build_parts(first)
    suite = build(first.validation)
    build(first.report)
    tracking = build(first.tracking)
    stacked = together(first, parts.agent, [seed for _, seed in pairs])
    panel = open_panel(parts)
    errors = DataErrors.of(first, panel)
    errors.refuse()
    folds = check_parts(parts, Market.of(panel), panel, [fold for fold, _ in pairs])
    foreseen = foresee(config, suite, parts, panel, folds)

    plain = resolved(first)
    sources = source_hash(RESULT_PACKAGES)
    keys = [
        child_key(plain | {"fold": fold, "seed": seed}, panel=panel.hash, sources=sources, together=stacked)
        for fold, seed in pairs
    ]
    identity = study_key(plain, keys)
    held = ExitStack()
    held.enter_context(
        file_lock(tracking.folder / "locks" / f"{identity}.lock", wait=False, what=f"study {first.name}")
    )
    store = tracking.open()
    title = label(first.name, task_overrides(config))
    launch = Launch.here()
    folder = Path(config.hydra.sweep.dir).absolute()
    settle(store)
    parent = open_parent(store, first, title, identity, panel.hash, launch)
    try:
        if not isinstance(parent, Kept):
            leave_plan(parent, first, pairs, keys)
        known = store.get(parent.run_id)
        differs = difference(store, known, first.validation, getattr(suite, "checks", {}))
        settle_children(store, parent.run_id, INTERRUPTED)
        build(first.checkpoints).prune()
    except BaseException as error:
        state, reason = ended_by(error)
        parent.close(state, reason)
        raise
    place = Place(
        parent=parent.run_id,
        study=first.name,
        title=title,
        panel=panel.hash,
        sources=sources,
        settings=plain,
        launch=launch,
        resume=bool(first.resume),
        together=stacked,
    )
    with open_dict(first):
        first.pop("hydra", None)
    return Launched(
        config=first,
        jobs=pairs,
        keys=keys,
        place=place,
        panel=panel,
        store=store,
        parent=parent,
        folder=folder,
        data_errors=errors.lines(),
        foreseen=tuple(foreseen),
        differs=differs,
        held=held,
    )


def require_own_folders(jobs: list[DictConfig]) -> None:
    """Refuse jobs that would write over each other's files."""
    seen: dict[str, DictConfig] = {}
    for job in jobs:
        other = seen.setdefault(str(job.hydra.sweep.subdir), job)
        if (other.fold, other.seed) != (job.fold, job.seed):
            raise ConfigError(
                f"hydra.sweep.subdir: '{job.hydra.sweep.subdir}' is the folder of fold {other.fold} seed"
                f" {other.seed} and of fold {job.fold} seed {job.seed}; it must hold ${{fold}} and ${{seed}}"
            )


def open_parent(
    store: Store, config: DictConfig, title: str, identity: str, panel: str, launch: Launch
) -> Run:
    """Continue the parent run of the same study, or start one; one that has its verdict stays as it is."""
    found = store.find({STUDY_KEY: identity})
    if config.resume and found:
        run_id = found[0].info.run_id
        return Kept(store.client, run_id) if is_judged(found[0]) else store.resume(run_id, launch.controller)
    tags = {
        KIND: "study",
        STUDY_KEY: identity,
        CONTROLLER: launch.controller.as_text(),
        "ploutos.study": config.name,
        "ploutos.panel": panel,
    }
    parent = store.start(title, tags)
    plain = {k: v for k, v in resolved(config).items() if k not in ("fold", "seed")}
    parent.parameters(flatten(plain))
    return parent


def leave_plan(parent: Run, config: DictConfig, jobs: list[tuple[int, int]], keys: list[str]) -> None:
    """Log what is needed to judge the study again, however this launch ends."""
    planned = [{"fold": fold, "seed": seed, "key": key} for (fold, seed), key in zip(jobs, keys, strict=True)]
    parent.text(OmegaConf.to_yaml(OmegaConf.create(resolved(config))), CONFIG)
    parent.text(json.dumps(planned, indent=2), PLAN)


def settle_children(store: Store, parent: str, reason: str) -> None:
    """Mark children that an interrupted launch left RUNNING; the study's lock says nobody runs them."""
    settle(store, reason=reason, ours=lambda run: run.data.tags.get(PARENT) == parent)


def ended_by(error: BaseException) -> tuple[str, str]:
    """Return state and reason of a run that `error` ended."""
    if isinstance(error, Exception):
        return "FAILED", describe(error)[0]
    return "KILLED", interrupts.reason()
