"""What an agent yields and everything downstream runs: a policy."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Action:
    """One decision for B portfolios.

    Attributes
    ----------
    value : the action in the policy's own action space, [B, ...].
    target_weights : what it means for the ledger, [B, N]: share of equity per asset, NaN = hold.
    confidence : [B, N] in [0, 1].
    state : the policy's next recurrent state.
    """

    value: npt.NDArray[Any]
    target_weights: npt.NDArray[np.float64]
    confidence: npt.NDArray[np.float64]
    state: Any


class Policy(Protocol):
    """A decision rule with explicit state; deterministic unless asked otherwise."""

    def reset(self, batch: int) -> Any:
        """Return the initial state for `batch` portfolios."""
        ...

    def act(self, observation: npt.NDArray[np.float32], state: Any) -> Action:
        """Decide from `observation` [B, D] (see the environment's layout) and `state`."""
        ...

    def save(self, folder: Path) -> None:
        """Write everything that `act` needs into `folder`."""
        ...
