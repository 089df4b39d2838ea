"""A cash account: long only, nothing borrowed."""

import math
from typing import Annotated

from pydantic import Field

from ploutos.execution.rules import AccountRules
from ploutos.types import NonNegativeFloat, checked


class Cash:
    """Buys shrink to the cash at hand, so cash never falls below zero.

    Parameters
    ----------
    max_position_weight : cap of a position (not of an order), share of equity at the decision.
    min_trade_value : currency; smaller orders lapse unless they close a position.
    whole_shares : orders are cut to whole shares, towards zero.
    trim_drift : positions that prices carried beyond the cap are cut back at the next decision.
    """

    @checked
    def __init__(
        self,
        *,
        max_position_weight: Annotated[float, Field(gt=0, le=1)],
        min_trade_value: NonNegativeFloat,
        whole_shares: bool,
        trim_drift: bool,
    ) -> None:
        self.rules = AccountRules(
            margin=False,
            allow_short=False,
            max_position_weight=max_position_weight,
            max_gross_leverage=math.inf,
            max_net_leverage=math.inf,
            maintenance_margin=0.0,
            interest_annual=0.0,
            min_trade_value=min_trade_value,
            whole_shares=whole_shares,
            trim_drift=trim_drift,
        )
