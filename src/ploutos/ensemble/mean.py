"""The average of the members' target weights."""

import numpy as np
import numpy.typing as npt

from ploutos.ensemble.council import Council
from ploutos.types import Action


class Mean(Council):
    """Target = mean of the members' targets, a hold counting as the current weight; all hold = hold.

    Confidence is 1 - the members' mean absolute deviation from that target, at least 0: with leverage the
    members may lie further apart than the whole equity.
    """

    def combine(self, observation: npt.NDArray[np.float32], opinions: list[Action]) -> Action:
        """Average the targets."""
        wanted = np.stack([o.target_weights for o in opinions])
        weight = self.layout.asset_column(observation, "weight").astype(np.float64)
        holds = np.isnan(wanted)
        filled = np.where(holds, weight, wanted)
        mean = filled.mean(axis=0)
        confidence = np.maximum(1.0 - np.abs(filled - mean).mean(axis=0), 0.0)
        targets = np.where(holds.all(axis=0), np.nan, mean)
        return Action(targets, targets, confidence, [o.state for o in opinions])
