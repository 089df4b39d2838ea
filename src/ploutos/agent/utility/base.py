"""What the gradient agent asks of a utility."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor


class Utility(Protocol):
    """Judges a window of bars of many portfolios; a pure function of their growth and of its own state."""

    @property
    def state_size(self) -> int:
        """S: numbers that it keeps of each portfolio from window to window; all 0 where an episode starts."""
        ...

    def __call__(self, growth: "Tensor", state: "Tensor") -> "tuple[Tensor, Tensor]":
        """Return what is to be as large as possible (a scalar), and the next state [B, S].

        `growth` [K, B]: ln(equity after the bar / before) net of costs; `state` [B, S], without a gradient.
        """
        ...
