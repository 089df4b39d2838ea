"""Target weights with a cash weight, long only or long and short."""

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from ploutos.types import PositiveFloat, checked


class TargetWeights:
    """N + 1 numbers, the last one for cash; non-members get 0.

    Long only, weights are the softmax over members and cash: >= 0, together less than 1. With `allow_short`
    they are signed shares of `max_leverage`, and the sum of |weights| stays below it.

    Parameters
    ----------
    max_logit : bound of each number.
    max_leverage : share of equity; used with `allow_short` only.
    """

    @checked
    def __init__(self, *, max_logit: PositiveFloat, allow_short: bool, max_leverage: PositiveFloat) -> None:
        self.max_logit = max_logit
        self.allow_short = allow_short
        self.max_leverage = max_leverage

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
        bounded = value.astype(np.float64)
        np.clip(bounded, -self.max_logit, self.max_logit, out=bounded)
        if self.allow_short:
            return signed_shares(bounded, member, self.max_leverage)
        return softmax(bounded, member)


def softmax(logits: npt.NDArray[np.float64], member: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return e^logit over its sum across members and cash, [B, N] of `logits` [B, N + 1] (overwritten)."""
    logits -= logits.max(axis=1, keepdims=True)
    share = np.exp(logits, out=logits)
    share[:, :-1] *= member
    weights: npt.NDArray[np.float64] = share[:, :-1] / share.sum(axis=1, keepdims=True)
    return weights


def signed_shares(
    signals: npt.NDArray[np.float64], member: npt.NDArray[np.bool_], leverage: float
) -> npt.NDArray[np.float64]:
    """Return x_n * leverage / (sum over members |x| + ln(1 + e^c)) [B, N] of `signals` [B, N + 1].

    c is the last signal: a large one leaves the equity in cash, a low one spends the whole leverage.
    """
    weights = np.where(member, signals[:, :-1], 0.0)
    total = np.abs(weights).sum(axis=1) + np.logaddexp(0.0, signals[:, -1])
    # With a very negative c and no signal at all the total underflows to 0: nothing is wanted then.
    weights *= (leverage / np.maximum(total, np.finfo(np.float64).tiny))[:, None]
    return weights
