"""Base of the baselines: a fixed rule from observation to target weights."""

import json
from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ploutos.env.layout import Layout
from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio
from ploutos.types import Action, Policy
from ploutos.types.checkpoints import Checkpoints
from ploutos.types.monitor import Monitor


class Rule(ABC):
    """An agent with nothing to learn; its state is the number of decisions taken so far."""

    stacks_seeds = False

    @abstractmethod
    def targets(
        self, layout: Layout, observation: npt.NDArray[np.float32], decision: int
    ) -> npt.NDArray[np.float64]:
        """Return target weights [B, N], NaN = hold, for decision number `decision`."""

    @property
    def casts_votes(self) -> bool:
        """False: a rule speaks in target weights."""
        return False

    @property
    def needs_validation(self) -> bool:
        """False: nothing is chosen."""
        return False

    def check(self, environment: Portfolio, market: Market) -> None:
        """Accept every environment: rules speak in target weights."""
        return

    def fit(
        self,
        environment: Portfolio,
        market: Market,
        train: slice,
        *,
        validation: slice,
        seed: int,
        monitor: Monitor,
        checkpoints: Checkpoints,
    ) -> Policy:
        """Return the rule as a policy on `market`."""
        monitor.progress(1, 1)
        return RulePolicy(self, environment.layout(market))

    def load(self, folder: Path, environment: Portfolio, market: Market) -> Policy:
        """Return the rule as a policy; nothing was learned, so nothing is read."""
        return RulePolicy(self, environment.layout(market))


class RulePolicy:
    """A rule bound to a layout."""

    def __init__(self, rule: Rule, layout: Layout) -> None:
        self.rule = rule
        self.layout = layout

    def reset(self, batch: int) -> int:
        """Return decision number 0."""
        return 0

    def act(self, observation: npt.NDArray[np.float32], state: int) -> Action:
        """Apply the rule."""
        targets = self.rule.targets(self.layout, observation, state)
        return Action(targets, targets, np.ones(targets.shape), state + 1)

    def save(self, folder: Path) -> None:
        """Write the rule's name and layout."""
        folder.mkdir(parents=True, exist_ok=True)
        about = {"rule": type(self.rule).__name__, "layout": self.layout.as_dict()}
        (folder / "policy.json").write_text(json.dumps(about))


def equal_shares(chosen: npt.NDArray[np.bool_], count: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return weight 1 / count [B] for every chosen asset [B, N], 0 elsewhere."""
    return chosen / np.maximum(count, 1)[:, None]
