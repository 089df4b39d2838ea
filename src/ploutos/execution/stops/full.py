"""Stops on every position and limits of the whole portfolio."""

import math

from ploutos.execution.rules import StopRules
from ploutos.types import NonNegativeInt, PositiveFloat, Probability, checked


class Full:
    """Stop-loss, take-profit and trailing stop by position; drawdown and session loss of the portfolio.

    Null leaves a stop out. All are fractions: the first two of the average entry price, `trailing_stop` of
    the best price since the position was opened, `max_drawdown` of the highest equity, `max_session_loss`
    of the equity at the last close of the session before.

    Parameters
    ----------
    cooldown_bars : decisions for which a stopped name, or the whole portfolio after a drawdown, stays flat.
    """

    @checked
    def __init__(
        self,
        *,
        stop_loss: Probability | None,
        take_profit: PositiveFloat | None,
        trailing_stop: Probability | None,
        max_drawdown: Probability | None,
        max_session_loss: Probability | None,
        cooldown_bars: NonNegativeInt,
    ) -> None:
        self.rules = StopRules(
            by_name=any(level is not None for level in (stop_loss, take_profit, trailing_stop)),
            stop_loss=math.inf if stop_loss is None else stop_loss,
            take_profit=math.inf if take_profit is None else take_profit,
            trailing_stop=math.inf if trailing_stop is None else trailing_stop,
            cooldown_bars=cooldown_bars,
            of_portfolio=max_drawdown is not None or max_session_loss is not None,
            max_drawdown=math.inf if max_drawdown is None else max_drawdown,
            max_session_loss=math.inf if max_session_loss is None else max_session_loss,
        )
