"""Net growth less what deepens the drawdown."""

from typing import TYPE_CHECKING

from ploutos.types import NonNegativeFloat, checked

if TYPE_CHECKING:
    from torch import Tensor

PERCENT = 100.0


class DrawdownPenalised:
    """Mean net log return of a bar less `penalty` x increase of the largest drawdown so far, in percent.

    What `env/reward=drawdown_penalised` pays, so over an episode: log growth - penalty x maximum drawdown.
    The drawdown is 1 - equity / peak. Its state is ln(equity / peak) and the largest drawdown so far.

    Parameters
    ----------
    penalty : log return given up per unit of maximum drawdown.
    """

    state_size = 2

    @checked
    def __init__(self, *, penalty: NonNegativeFloat) -> None:
        self.penalty = penalty

    def __call__(self, growth: "Tensor", state: "Tensor") -> "tuple[Tensor, Tensor]":
        """Return the mean over portfolios and bars, and where each portfolio stands."""
        begin, deepest = state.unbind(1)
        equity = begin + growth.cumsum(0)
        # The peak at the start is ln(peak / peak) = 0.
        peak = equity.cummax(0).values.clamp(min=0.0)
        below = equity - peak
        drawdown = -below.expm1()
        worst = drawdown.amax(0).maximum(deepest)
        charged = self.penalty * (worst - deepest).sum() / growth.numel()
        after = growth.new_empty(state.shape)
        after[:, 0], after[:, 1] = below[-1].detach(), worst.detach()
        return (growth.mean() - charged) * PERCENT, after
