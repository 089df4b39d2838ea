"""What every ensemble shares: members that see the same observation, each with its own state."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.env.action.base import ActionSpace
from ploutos.env.layout import Layout
from ploutos.types import Action, Policy


class Council(ABC):
    """A policy made of policies. Each member normalises with its own training statistics."""

    def __init__(self, members: list[Policy], action: ActionSpace, layout: Layout) -> None:
        self.members = members
        self.action = action
        self.layout = layout

    @classmethod
    def check(cls, action: ActionSpace, *, casts_votes: bool) -> None:
        """Refuse, before anything runs, members that cannot be combined.

        `action` is the environment's, `casts_votes` says whether the members' values lie in it.
        """
        return

    def reset(self, batch: int) -> list[Any]:
        """Return every member's initial state."""
        return [member.reset(batch) for member in self.members]

    def act(self, observation: npt.NDArray[np.float32], state: list[Any]) -> Action:
        """Ask every member, then combine."""
        opinions = [m.act(observation, s) for m, s in zip(self.members, state, strict=True)]
        return self.combine(observation, opinions)

    @abstractmethod
    def combine(self, observation: npt.NDArray[np.float32], opinions: list[Action]) -> Action:
        """Return the council's action."""

    def save(self, folder: Path) -> None:
        """Save every member into a folder of its own."""
        for index, member in enumerate(self.members):
            member.save(folder / str(index))
