"""Contradictions between a study and its checks, found before anything is trained."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from omegaconf import DictConfig

from ploutos.agent.base import learns
from ploutos.apps.given import given
from ploutos.apps.judge import calendar_sessions
from ploutos.apps.parts import Parts
from ploutos.env.market import Market
from ploutos.panel.panel import Panel
from ploutos.types import ConfigError, Fold
from ploutos.validation.prospect import Prospect

if TYPE_CHECKING:
    from ploutos.agent.base import Agent


def prospect_of(parts: Parts, panel: Panel, folds: Sequence[Fold]) -> Prospect:
    """Return what is known of a study before its first run."""
    rows = [fold.test.rows(panel.ts) for fold in folds]
    days = panel.clock.dates(np.concatenate([panel.ts[row] for row in rows]))
    dates = np.unique(days).astype("datetime64[D]")
    return Prospect(
        baselines=tuple(parts.baselines),
        dates=dates,
        sessions_per_year=panel.sessions_per_year,
        calendar_sessions=calendar_sessions(parts.source, panel, dates),
        no_replay=_no_replay(parts.agent, panel),
    )


def foresee(config: DictConfig, suite: Any, parts: Parts, panel: Panel, folds: Sequence[Fold]) -> list[str]:
    """Return a line for each gate that cannot pass on these windows; refuse what nobody can mean.

    That is refused: a check of something that the study does not have, and a setting given on the command
    line that its windows cannot meet. Other settings that they cannot meet are told and not refused: who
    had to soften a check to see a study run would have softened it for the verdict as well.
    """
    for name, agent in parts.baselines.items():
        require_rule(name, agent)
    prophecy = getattr(suite, "foresee", None)
    lines = []
    for key, obstacle in [] if prophecy is None else prophecy(prospect_of(parts, panel, folds)):
        line = f"{key}: {obstacle.text}"
        if obstacle.final or given(config, key):
            raise ConfigError(line)
        lines.append(f"{line}; the verdict will be REJECTED")
    return lines


def require_rule(name: str, agent: "Agent") -> None:
    """Refuse a baseline that would have to be trained: nothing trains it."""
    if learns(agent):
        raise ConfigError(
            f"baselines.{name}: {type(agent).__name__} must be trained, a baseline is a rule; launch a study"
            f" of its own with it, and leave it out here with ~baselines.{name}"
        )


def _no_replay(agent: "Agent", panel: Panel) -> str | None:
    cannot = getattr(agent, "cannot_replay", None)
    said: str | None = None if cannot is None else cannot(Market.of(panel), panel.signals)
    return said
