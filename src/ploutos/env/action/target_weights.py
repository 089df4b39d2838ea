"""Target weights with a cash weight, long only or long and short."""

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from ploutos.env.action.exponential import exponential
from ploutos.execution.compiled import kernel
from ploutos.types import PositiveFloat, checked

FAR = 300.0  # up to here e^x, e^-x and their sums are ordinary numbers


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
        weight: npt.NDArray[np.floating],
    ) -> npt.NDArray[np.float64]:
        """Return target weights [B, N]; never NaN."""
        if self.allow_short:
            bounded = np.clip(value.astype(np.float64), -self.max_logit, self.max_logit)
            return signed_shares(bounded, member, self.max_leverage)
        weights = np.empty(member.shape)
        softmax(
            np.ascontiguousarray(value, dtype=np.float64),
            np.ascontiguousarray(member),
            self.max_logit,
            weights,
        )
        return weights


@kernel
def softmax(
    logits: npt.NDArray[np.float64],
    member: npt.NDArray[np.bool_],
    bound: float,
    weights: npt.NDArray[np.float64],
) -> None:
    """Write e^logit over its sum across members and cash into `weights` [B, N], of `logits` [B, N + 1]."""
    assets = weights.shape[1]
    for b in range(len(weights)):
        x, inside, share = logits[b], member[b], weights[b]
        shift = 0.0
        if bound > FAR:
            for n in range(assets + 1):
                shift = x[n] if n == 0 or x[n] > shift else shift
            shift = min(max(shift, -bound), bound)
        for n in range(assets):
            logit, kept = x[n], inside[n]
            logit = -bound if logit < -bound else logit
            logit = bound if logit > bound else logit
            power = exponential(logit - shift)
            share[n] = power if kept else 0.0
        total = exponential(min(max(x[assets], -bound), bound) - shift)
        for n in range(assets):
            total += share[n]
        for n in range(assets):
            share[n] /= total


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
