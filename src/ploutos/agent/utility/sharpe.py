"""Mean over deviation."""

from typing import TYPE_CHECKING

from ploutos.types import PositiveFloat, checked

if TYPE_CHECKING:
    from torch import Tensor


class Sharpe:
    """Sharpe ratio of a bar's net return, pooled over all portfolios and bars of the window.

    mean / sqrt(variance + floor^2), the variance divided by n. Its gradient from n returns differs in
    expectation from that of the true ratio by O(1 / n): pool many (docs/direct_policy_gradient.md).

    Parameters
    ----------
    volatility_floor : keeps the ratio finite where nothing is held.

    References
    ----------
    Moody, J. & Saffell, M. (2001), Learning to trade via direct reinforcement, IEEE Transactions on Neural
    Networks 12(4), 875-889.
    """

    state_size = 0

    @checked
    def __init__(self, *, volatility_floor: PositiveFloat) -> None:
        self.volatility_floor = volatility_floor

    def __call__(self, growth: "Tensor", state: "Tensor") -> "tuple[Tensor, Tensor]":
        """Return the ratio of all returns together; there is no state."""
        returns = growth.expm1()
        variance = returns.var(correction=0) + self.volatility_floor**2
        return returns.mean() / variance.sqrt(), state
