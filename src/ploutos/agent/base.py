"""What a study asks of an agent."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio
from ploutos.types import Policy
from ploutos.types.checkpoints import Checkpoints
from ploutos.types.monitor import Monitor


class Agent(Protocol):
    """Learns a policy on a training window, or is a rule that needs none."""

    @property
    def casts_votes(self) -> bool:
        """True where `Action.value` lies in the environment's action space, False for plain weights."""
        ...

    @property
    def needs_validation(self) -> bool:
        """True where `fit` refuses an empty validation window."""
        ...

    @property
    def stacks_seeds(self) -> bool:
        """True where it is a `StackingAgent`."""
        ...

    def check(self, environment: Portfolio, market: Market) -> None:
        """Refuse, before anything runs, an environment that this agent cannot act in."""
        ...

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
        """Return a policy that learned from the rows `train` and saw nothing outside them and `validation`.

        Rows of `validation`, which may be empty, serve to choose among policies and to stop, not to learn.
        """
        ...

    def load(self, folder: Path, environment: Portfolio, market: Market) -> Policy:
        """Return the policy saved in `folder`; refuses a market with other columns, by name."""
        ...


def learns(agent: Agent) -> bool:
    """Return True for an agent that cannot be made without a training window; a user's own may not say it."""
    return bool(getattr(agent, "learns", False))


class StackingAgent(Agent, Protocol):
    """An agent that can train several seeds together."""

    def fit_many(
        self,
        environment: Portfolio,
        market: Market,
        train: slice,
        *,
        validation: slice,
        seeds: Sequence[int],
        monitors: Sequence[Monitor],
        checkpoints: Checkpoints,
    ) -> list[Policy]:
        """Return the policy of each seed, within rounding what `fit` makes of it; each has a monitor."""
        ...
