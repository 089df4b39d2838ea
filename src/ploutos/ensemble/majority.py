"""One vote per member and asset."""

import numpy as np
import numpy.typing as npt

from ploutos.ensemble.council import Council
from ploutos.env.action.base import ActionSpace
from ploutos.env.action.decode import decode
from ploutos.env.action.discrete import HOLD
from ploutos.types import Action, ConfigError


class Majority(Council):
    """The choice with the most votes, per asset; a tie holds. Confidence = share of votes it got."""

    @classmethod
    def check(cls, action: ActionSpace, *, casts_votes: bool) -> None:
        """Refuse continuous actions and members that speak in weights: there is nothing to count."""
        if not casts_votes:
            raise ConfigError(
                "ensemble: 'majority' counts votes and this agent decides in weights; use ensemble=mean"
            )
        if action.choices is None:
            raise ConfigError(
                f"ensemble: 'majority' counts votes and env.action={type(action).__name__} has none to count;"
                " use ensemble=mean, or env/action=discrete"
            )

    def combine(self, observation: npt.NDArray[np.float32], opinions: list[Action]) -> Action:
        """Count the votes."""
        value, share = majority_vote(np.stack([o.value for o in opinions]), self.action.choices or 0)
        targets = decode(self.action, self.layout, observation, value)
        return Action(value, targets, share, [o.state for o in opinions])


def majority_vote(
    votes: npt.NDArray[np.integer], choices: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the winning choice and its share of votes [B, N] from `votes` [K, B, N]; ties hold."""
    counts = np.stack([(votes == choice).sum(axis=0) for choice in range(choices)])
    best = counts.max(axis=0)
    tied = (counts == best).sum(axis=0) > 1
    winner = np.where(tied, HOLD, counts.argmax(axis=0))
    share = np.take_along_axis(counts, winner[None], axis=0)[0] / len(votes)
    return winner, share
