"""From action to target weights, read off the observation that the policy saw."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.env.action.base import ActionSpace
from ploutos.env.layout import Layout


def decode(
    action: ActionSpace, layout: Layout, observation: npt.NDArray[np.float32], value: npt.NDArray[Any]
) -> npt.NDArray[np.float64]:
    """Return the target weights [B, N] of actions `value` [B, ...] under `observation` [B, D].

    Training, backtest and ensembles all decode here, so equal actions are equal orders to the last bit.
    """
    member = layout.asset_state(observation, "member") > 0
    weight = layout.asset_state(observation, "weight")
    return action.target_weights(value, member=member, weight=weight)
