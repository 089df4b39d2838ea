"""Trains an agent of Ploutos by the clock."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.learning.arena import Arena
from benchmarks.learning.clock import ENDLESS, Clock, Deadline, Marks, Moment, Timed
from benchmarks.learning.run import Run
from ploutos.apps.parts import build
from ploutos.types import Policy
from ploutos.types.checkpoints import NO_CHECKPOINTS
from ploutos.types.monitor import Silent

Kept = list[tuple[Moment, Callable[[], Policy]]]


def train(run: Run, arena: Arena, folder: Path) -> Kept:
    """Return the moments and how to get their policies, which are saved in `folder` and loaded again."""
    _compile(run, arena)
    marks = Marks(Clock(run.clock, run.threads), run.marks)
    settings = arena.config.agent
    parts: dict[str, Any] = {
        "schedule": Timed(build(settings.schedule), marks),
        "stopping": Deadline(marks, folder),
        "total_steps": ENDLESS,
    }
    agent = build(settings, **parts)
    _fit(agent, run, arena)

    def loader(moment: Moment) -> Callable[[], Policy]:
        return lambda: agent.load(folder / f"{moment.mark:g}", arena.environment, arena.market)

    return [(moment, loader(moment)) for moment in marks.met]


def _compile(run: Run, arena: Arena) -> None:
    """Train for a moment, so that kernels which no process has needed before are compiled off the clock."""
    settings = arena.config.agent.copy()
    settings.total_steps = 1
    _fit(build(settings), run, arena)


def _fit(agent: Any, run: Run, arena: Arena) -> None:
    agent.check(arena.environment, arena.market)
    agent.fit(
        arena.environment,
        arena.market,
        arena.train,
        validation=slice(0, 0),
        seed=run.seed,
        monitor=Silent(),
        checkpoints=NO_CHECKPOINTS,
    )
