"""Hold, buy or sell, per asset."""

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from ploutos.types import Fraction, checked

HOLD, BUY, SELL = 0, 1, 2


class Discrete:
    """One of three choices per asset: 0 hold, 1 buy (up to `lot_weight`), 2 sell (to zero).

    A buy never sells: where the holding already weighs `lot_weight` or more, it holds.
    """

    @checked
    def __init__(self, *, lot_weight: Fraction) -> None:
        self.lot_weight = lot_weight

    @property
    def choices(self) -> int:
        """Number of choices per asset."""
        return 3

    def space(self, assets: int) -> spaces.MultiDiscrete:
        """Return `MultiDiscrete([3] * assets)`."""
        return spaces.MultiDiscrete([self.choices] * assets)

    def target_weights(
        self,
        value: npt.NDArray[Any],
        *,
        member: npt.NDArray[np.bool_],
        weight: npt.NDArray[np.float64],
    ) -> npt.NDArray[np.float64]:
        """Return target weights [B, N], NaN = hold."""
        targets = np.full(value.shape, np.nan)
        targets[(value == BUY) & member & (weight < self.lot_weight)] = self.lot_weight
        targets[value == SELL] = 0.0
        return targets
