"""Changes of the current weights."""

from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from pydantic import Field

from ploutos.execution.compiled import kernel
from ploutos.types import NonNegativeFloat, checked

ROUNDING = 2.0**-22  # of weights read off an observation, relative; four times that of 32 bits


class DeltaWeights:
    """One number in [-1, 1] per asset: target = current weight + `max_delta` * number; non-members get 0.

    Changes smaller than `dead_band` hold. A change that takes back a weight to within the rounding of its 32
    bits takes back all of it. The account caps what the targets add up to.

    Parameters
    ----------
    max_delta, dead_band : share of equity.
    allow_short : false bounds targets at 0.
    """

    @checked
    def __init__(
        self,
        *,
        max_delta: Annotated[float, Field(gt=0, le=2)],
        dead_band: NonNegativeFloat,
        allow_short: bool,
    ) -> None:
        self.max_delta = max_delta
        self.dead_band = dead_band
        self.allow_short = allow_short

    @property
    def choices(self) -> None:
        """Continuous: there is nothing to vote on."""
        return None

    def space(self, assets: int) -> spaces.Box:
        """Return the box [-1, 1]^assets."""
        return spaces.Box(-1.0, 1.0, (assets,), dtype=np.float32)

    def target_weights(
        self,
        value: npt.NDArray[Any],
        *,
        member: npt.NDArray[np.bool_],
        weight: npt.NDArray[np.floating],
    ) -> npt.NDArray[np.float64]:
        """Return target weights [B, N], NaN = hold; never NaN for a non-member."""
        targets = np.empty(value.shape)
        change(
            np.ascontiguousarray(value, dtype=np.float64).ravel(),
            np.ascontiguousarray(member).ravel(),
            np.ascontiguousarray(weight, dtype=np.float64).ravel(),
            self.max_delta,
            self.dead_band,
            -np.inf if self.allow_short else 0.0,
            targets.ravel(),
        )
        return targets


@kernel
def change(
    step: npt.NDArray[np.float64],
    member: npt.NDArray[np.bool_],
    weight: npt.NDArray[np.float64],
    max_delta: float,
    dead_band: float,
    floor: float,
    targets: npt.NDArray[np.float64],
) -> None:
    """Write weight + max_delta * step, at least `floor`; NaN inside the dead band; all arrays flat."""
    for n in range(len(targets)):
        # Read first, choose afterwards: only so is the loop vectorised.
        share, inside, held = step[n], member[n], weight[n]
        share = -1.0 if share < -1.0 else share
        share = 1.0 if share > 1.0 else share
        target = held + max_delta * share
        target = floor if target < floor else target
        target = 0.0 if abs(target) < ROUNDING * abs(held) else target
        target = np.nan if abs(share) * max_delta < dead_band else target
        targets[n] = target if inside else 0.0
