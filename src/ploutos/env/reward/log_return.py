"""Net log return."""

import numpy as np

from ploutos.env.reward.base import Bar, Float
from ploutos.env.reward.terms import log_growth
from ploutos.types import PositiveFloat, checked


class LogReturn:
    """Pay the net log return of the bar, after all costs: r = scale x ln(equity_tp1 / equity_t).

    Its sum over an episode is scale x ln(final / initial equity), so it ranks policies as net profit does,
    and a policy that stays in cash earns exactly 0. One bar leaves at least the share `terms.RUIN` of equity
    in the eyes of the reward (and at most its inverse), so that losing everything is paid with a large finite
    number; a portfolio without money earns 0.
    """

    @checked
    def __init__(self, *, scale: PositiveFloat) -> None:
        self.scale = scale

    def start(self, batch: int) -> Float:
        """Return the empty state [B, 0]."""
        return np.zeros((batch, 0))

    def __call__(self, bar: Bar, state: Float) -> tuple[Float, Float]:
        """Return rewards [B] and the state as it was."""
        return self.scale * log_growth(bar), state
