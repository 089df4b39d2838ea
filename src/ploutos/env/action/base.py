"""What environment, ensembles and policies ask of an action space."""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from gymnasium import spaces


class ActionSpace(Protocol):
    """Translates actions into target weights."""

    @property
    def choices(self) -> int | None:
        """Number of choices per asset, or None where actions are continuous."""
        ...

    @property
    def allow_short(self) -> bool:
        """True where targets may be negative; the account must allow short sales then."""
        ...

    def space(self, assets: int) -> spaces.Space[Any]:
        """Return the Gymnasium space for `assets` assets."""
        ...

    def target_weights(
        self,
        value: npt.NDArray[Any],
        *,
        member: npt.NDArray[np.bool_],
        weight: npt.NDArray[np.floating],
    ) -> npt.NDArray[np.float64]:
        """Return target weights [B, N] (NaN = hold) for actions `value` [B, ...].

        `member` [B, N] at the decision; `weight` [B, N] of the current holdings, negative for short ones.
        """
        ...
