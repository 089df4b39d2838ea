"""Net growth alone."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

PERCENT = 100.0


class LogReturn:
    """Mean net log return of a bar, in percent: what grows capital most in the long run (Kelly 1956)."""

    state_size = 0

    def __call__(self, growth: "Tensor", state: "Tensor") -> "tuple[Tensor, Tensor]":
        """Return the mean over portfolios and bars; there is no state."""
        return growth.mean() * PERCENT, state
