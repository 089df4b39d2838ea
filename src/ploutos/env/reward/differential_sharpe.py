"""Differential Sharpe ratio."""

import numpy as np

from ploutos.env.reward.base import Bar, Float
from ploutos.env.reward.terms import Moments, VolatilityFloor, sharpe_step
from ploutos.types import PositiveFloat, Probability, checked


class DifferentialSharpe:
    """Pay what the bar adds to the portfolio's Sharpe ratio per bar (Moody & Saffell 2001): r = scale x D.

    D is `terms.differential_sharpe` of the net return. The state is the mean A and the variance B - A^2 of
    the returns so far, exponentially weighted; they start at 0 and volatility_floor^2. A portfolio without
    money earns 0.

    The variance never falls below volatility_floor^2, which keeps D finite at the beginning, after long
    idle times and under constant returns. With `credit_losing_record` this is the only difference from the
    paper.

    Parameters
    ----------
    adaptation_rate : eta of the paper, the weight of the newest bar in A and B.
    volatility_floor : standard deviation of one bar's return.
    credit_losing_record : while A < 0 the paper pays for bars that lose nothing or lose less. False drops
        that payment: then no bar is paid above its return in units of volatility, and none without a gain.
    """

    @checked
    def __init__(
        self,
        *,
        scale: PositiveFloat,
        adaptation_rate: Probability,
        volatility_floor: VolatilityFloor,
        credit_losing_record: bool,
    ) -> None:
        self.scale = scale
        self.adaptation_rate = adaptation_rate
        self.volatility_floor = volatility_floor
        self.credit_losing_record = credit_losing_record

    def start(self, batch: int) -> Float:
        """Return the state [B, 2]: mean and variance of the returns."""
        return np.tile([0.0, self.volatility_floor**2], (batch, 1))

    def __call__(self, bar: Bar, state: Float) -> tuple[Float, Float]:
        """Return rewards [B] and the next state [B, 2]."""
        pay, moments = sharpe_step(
            bar,
            Moments(*state.T),
            adaptation_rate=self.adaptation_rate,
            volatility_floor=self.volatility_floor,
            credit_losing_record=self.credit_losing_record,
        )
        return self.scale * pay, np.stack(moments, axis=1)
