"""A stop-loss on every position."""

import math

from ploutos.execution.rules import StopRules
from ploutos.types import NonNegativeInt, Probability, checked


class StopLoss:
    """Close a position that lost `stop_loss` of its average entry price.

    Parameters
    ----------
    stop_loss : fraction of the average entry price.
    cooldown_bars : decisions for which the name stays flat afterwards.
    """

    @checked
    def __init__(self, *, stop_loss: Probability, cooldown_bars: NonNegativeInt) -> None:
        self.rules = StopRules(
            by_name=True,
            stop_loss=stop_loss,
            take_profit=math.inf,
            trailing_stop=math.inf,
            cooldown_bars=cooldown_bars,
            of_portfolio=False,
            max_drawdown=math.inf,
            max_session_loss=math.inf,
        )
