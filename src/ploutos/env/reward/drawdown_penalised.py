"""Net log return less what the bar added to the largest drawdown."""

import numpy as np

from ploutos.env.reward.base import Bar, Float
from ploutos.env.reward.terms import deeper, log_growth
from ploutos.types import NonNegativeFloat, PositiveFloat, checked


class DrawdownPenalised:
    """Pay r = scale x (ln(equity_tp1 / equity_t) - penalty x (m_tp1 - m_t)).

    m is the largest drawdown 1 - equity / peak of the episode so far, so over an episode the rewards sum to
    scale x (ln(final / initial equity) - penalty x maximum drawdown). m never falls: a recovery is paid as
    profit only, a bar that changes nothing earns exactly 0, and no path earns more than its net log return.

    Parameters
    ----------
    penalty : log return given up for a maximum drawdown deeper by 1.
    """

    @checked
    def __init__(self, *, scale: PositiveFloat, penalty: NonNegativeFloat) -> None:
        self.scale = scale
        self.penalty = penalty

    def start(self, batch: int) -> Float:
        """Return the state [B, 1]: the largest drawdown so far."""
        return np.zeros((batch, 1))

    def __call__(self, bar: Bar, state: Float) -> tuple[Float, Float]:
        """Return rewards [B] and the next state [B, 1]."""
        added, deepest = deeper(bar, state[:, 0])
        return self.scale * (log_growth(bar) - self.penalty * added), deepest[:, None]
