"""The seeds of a fold, trained together in one process and recorded as a child each."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.utils import execution_whitelist, get_class
from omegaconf import DictConfig, OmegaConf

from ploutos.apps.children import (
    KEY,
    LAUNCH,
    Place,
    Wanted,
    child_of,
    finished,
    train_children,
)
from ploutos.apps.parts import resolved
from ploutos.apps.safety.places import shipped
from ploutos.tracking.identity import child_key
from ploutos.tracking.lock import file_lock
from ploutos.tracking.mlflow import PARENT, Store
from ploutos.types import Child, ConfigError

if TYPE_CHECKING:
    from ploutos.agent.base import Agent


def ensure_group_child(
    config: DictConfig,
    store: Store,
    place: Place,
    folder: Path,
    environment: dict[str, str],
    *,
    locks: Path,
) -> Child:
    """Return the child for `config`, recorded already or trained with the other seeds of its fold.

    The first job of a group trains all seeds; the others wait for its lock in `locks` and find their child,
    however its training ended. Each seed has a folder beside `folder`.
    """
    assert place.together is not None
    plain, seeds = resolved(config), place.together

    def key_of(seed: int | str) -> str:
        return child_key(plain | {"seed": seed}, panel=place.panel, sources=place.sources, together=seeds)

    group = key_of("all")
    with file_lock(locks / f"{group}.lock", wait=True, what=f"fold {config.fold}"):
        if place.launch.controller.is_gone():
            raise RuntimeError("the study that launched this job has ended")
        known = _recorded(store, place, key_of(config.seed))
        if known is not None:
            return known
        beside = {seed: folder.parent / f"fold_{config.fold}-seed_{seed}" for seed in seeds}
        homes = beside | {config.seed: folder}
        # In the order of the seeds, whoever comes first: the checkpoint knows them by their places.
        wanted = [Wanted(seed, key_of(seed), homes[seed]) for seed in seeds]
        trained = train_children(config, store, place, wanted, group, folder, environment)
        return trained[seeds.index(config.seed)]


def _recorded(store: Store, place: Place, key: str) -> Child | None:
    """Return what this launch made of a child; else a finished one, where those are reused."""
    tried = store.find({PARENT: place.parent or "", KEY: key, LAUNCH: place.launch.id})
    if tried:
        return child_of(tried[0])
    done = finished(store, place.parent or "", key) if place.resume else None
    return None if done is None else child_of(done)


def together(config: DictConfig, agent: "Agent", seeds: Iterable[int]) -> tuple[int, ...] | None:
    """Return the seeds that are trained together, in order; None where `stack_seeds` is false.

    Raises
    ------
    ConfigError
        The agent trains one seed at a time.
    """
    if not config.stack_seeds:
        return None
    if not getattr(agent, "stacks_seeds", False):  # a user's own need not have it
        name = OmegaConf.select(config, "hydra.runtime.choices.agent") or type(agent).__name__
        raise ConfigError(
            f"stack_seeds: true: agent={name} trains one seed at a time; use false, or an agent that can:"
            f" {', '.join(_stacking_agents())}"
        )
    return tuple(sorted(set(seeds)))


def _stacking_agents() -> list[str]:
    """Return the shipped variants that train seeds together."""
    targets = tuple(sorted(shipped()[("agent",)]))
    with execution_whitelist(targets, reset=True):
        able = [t for t in targets if getattr(get_class(t), "stacks_seeds", False) is True]
    return [target.split(".")[-2] for target in able]
