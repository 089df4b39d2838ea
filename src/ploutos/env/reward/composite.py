"""A weighted sum of terms."""

import numpy as np

from ploutos.env.reward.base import Bar, Float
from ploutos.env.reward.terms import Moments, VolatilityFloor, deeper, log_growth, sharpe_step
from ploutos.types import ConfigError, NonNegativeFloat, Probability, checked


class Composite:
    """Pay log_return_weight x ln(equity_tp1 / equity_t) + differential_sharpe_weight x D - penalties.

    The penalties are drawdown_weight x increase of the largest drawdown and turnover_weight x turnover.
    Equity is net of costs already: the last one makes trading dearer to the learner than it is. The terms
    and their parameters are those of `DifferentialSharpe` and `DrawdownPenalised`.

    Raises
    ------
    ConfigError
        If nothing would be paid for a profit.
    """

    @checked
    def __init__(
        self,
        *,
        log_return_weight: NonNegativeFloat,
        differential_sharpe_weight: NonNegativeFloat,
        drawdown_weight: NonNegativeFloat,
        turnover_weight: NonNegativeFloat,
        adaptation_rate: Probability,
        volatility_floor: VolatilityFloor,
        credit_losing_record: bool,
    ) -> None:
        if log_return_weight == differential_sharpe_weight == 0:
            raise ConfigError(
                "env.reward: log_return_weight and differential_sharpe_weight are both 0, so that a profit"
                " would pay nothing; set one of them above 0"
            )
        self.log_return_weight = log_return_weight
        self.differential_sharpe_weight = differential_sharpe_weight
        self.drawdown_weight = drawdown_weight
        self.turnover_weight = turnover_weight
        self.adaptation_rate = adaptation_rate
        self.volatility_floor = volatility_floor
        self.credit_losing_record = credit_losing_record

    def start(self, batch: int) -> Float:
        """Return the state [B, 3]: mean and variance of the returns, largest drawdown so far."""
        return np.tile([0.0, self.volatility_floor**2, 0.0], (batch, 1))

    def __call__(self, bar: Bar, state: Float) -> tuple[Float, Float]:
        """Return rewards [B] and the next state [B, 3]."""
        mean, variance, deepest_t = state.T
        sharpe, moments = sharpe_step(
            bar,
            Moments(mean, variance),
            adaptation_rate=self.adaptation_rate,
            volatility_floor=self.volatility_floor,
            credit_losing_record=self.credit_losing_record,
        )
        added, deepest_tp1 = deeper(bar, deepest_t)
        pay = (
            self.log_return_weight * log_growth(bar)
            + self.differential_sharpe_weight * sharpe
            - self.drawdown_weight * added
            - self.turnover_weight * bar.turnover
        )
        return pay, np.stack([*moments, deepest_tp1], axis=1)
