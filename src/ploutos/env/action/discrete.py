"""Hold, buy, sell or sell short, per asset."""

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from ploutos.execution.compiled import kernel
from ploutos.types import Fraction, checked

HOLD, BUY, SELL, SHORT = 0, 1, 2, 3


class Discrete:
    """One choice per asset: 0 hold, 1 buy (up to `lot_weight`), 2 sell (to zero), 3 short (to `-lot_weight`).

    A buy never sells: where the holding already weighs `lot_weight` or more, it holds. A short never buys.

    Parameters
    ----------
    lot_weight : share of equity.
    allow_short : false leaves choice 3 out.
    """

    @checked
    def __init__(self, *, lot_weight: Fraction, allow_short: bool) -> None:
        self.lot_weight = lot_weight
        self.allow_short = allow_short

    @property
    def choices(self) -> int:
        """Number of choices per asset."""
        return 4 if self.allow_short else 3

    def space(self, assets: int) -> spaces.MultiDiscrete:
        """Return `MultiDiscrete([choices] * assets)`."""
        return spaces.MultiDiscrete([self.choices] * assets)

    def target_weights(
        self,
        value: npt.NDArray[Any],
        *,
        member: npt.NDArray[np.bool_],
        weight: npt.NDArray[np.floating],
    ) -> npt.NDArray[np.float64]:
        """Return target weights [B, N], NaN = hold; a non-member is never opened."""
        targets = np.empty(value.shape)
        choose(
            np.ascontiguousarray(value, dtype=np.int64).ravel(),
            np.ascontiguousarray(member).ravel(),
            np.ascontiguousarray(weight, dtype=np.float64).ravel(),
            self.lot_weight,
            self.allow_short,
            targets.ravel(),
        )
        return targets


@kernel
def choose(
    choice: npt.NDArray[np.int64],
    member: npt.NDArray[np.bool_],
    weight: npt.NDArray[np.float64],
    lot: float,
    allow_short: bool,
    targets: npt.NDArray[np.float64],
) -> None:
    """Write the targets of each `choice`; all arrays flat."""
    for n in range(len(targets)):
        # Read first, choose afterwards: only so is the loop vectorised.
        said, inside, held = choice[n], member[n], weight[n]
        target = lot if (said == BUY) & inside & (held < lot) else np.nan
        target = -lot if allow_short & (said == SHORT) & inside & (held > -lot) else target
        targets[n] = 0.0 if said == SELL else target
