"""Long-only target weights with a cash weight."""

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from ploutos.types import PositiveFloat, checked


class TargetWeights:
    """N + 1 logits, the last one for cash; weights are their softmax over members and cash.

    Weights are >= 0 and sum to at most 1; non-members get 0.
    """

    @checked
    def __init__(self, *, max_logit: PositiveFloat) -> None:
        self.max_logit = max_logit

    @property
    def choices(self) -> None:
        """Continuous: there is nothing to vote on."""
        return None

    def space(self, assets: int) -> spaces.Box:
        """Return the box [-max_logit, max_logit]^(assets + 1)."""
        return spaces.Box(-self.max_logit, self.max_logit, (assets + 1,), dtype=np.float32)

    def target_weights(
        self,
        value: npt.NDArray[Any],
        *,
        member: npt.NDArray[np.bool_],
        weight: npt.NDArray[np.float64],
    ) -> npt.NDArray[np.float64]:
        """Return target weights [B, N]; never NaN."""
        logits = np.clip(value.astype(np.float64), -self.max_logit, self.max_logit)
        share = np.exp(logits - logits.max(axis=1, keepdims=True))
        share[:, :-1] *= member
        weights: npt.NDArray[np.float64] = share[:, :-1] / share.sum(axis=1, keepdims=True)
        return weights
