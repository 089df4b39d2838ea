"""No stops."""

import math

from ploutos.execution.rules import StopRules


class NoStops:
    """Only orders trade."""

    def __init__(self) -> None:
        self.rules = StopRules(
            by_name=False,
            stop_loss=math.inf,
            take_profit=math.inf,
            trailing_stop=math.inf,
            cooldown_bars=0,
            of_portfolio=False,
            max_drawdown=math.inf,
            max_session_loss=math.inf,
        )
