"""A margin account: short sales and borrowed money within leverage caps."""

from typing import Annotated

from pydantic import Field

from ploutos.execution.rules import AccountRules
from ploutos.types import Bps, ConfigError, Fraction, NonNegativeFloat, PositiveFloat, checked


class Margin:
    """Short sales where allowed, negative cash at interest, a maintenance margin.

    Where equity falls below `maintenance_margin` x gross exposure at a close, everything is closed at the
    next fill. Leverages are shares of equity at the decision; the other parameters are those of `Cash`.

    Parameters
    ----------
    allow_short : false keeps the account long only, with borrowed money.
    max_gross_leverage : cap of the sum of |weights|; max_net_leverage : of |sum of weights|.
    interest_bps_annual : on negative cash, basis points a year of 365 days.
    """

    @checked
    def __init__(
        self,
        *,
        allow_short: bool,
        max_position_weight: PositiveFloat,
        max_gross_leverage: PositiveFloat,
        max_net_leverage: PositiveFloat,
        maintenance_margin: Annotated[Fraction, Field(lt=1)],
        interest_bps_annual: Bps,
        min_trade_value: NonNegativeFloat,
        whole_shares: bool,
        trim_drift: bool,
    ) -> None:
        if maintenance_margin * max_gross_leverage >= 1:
            raise ConfigError(
                f"execution.account.maintenance_margin: {maintenance_margin} x max_gross_leverage"
                f" {max_gross_leverage} is 1 or more: every full position would be a margin call"
                f" (at most {1 / max_gross_leverage:.3g}, exclusive)"
            )
        self.rules = AccountRules(
            margin=True,
            allow_short=allow_short,
            max_position_weight=max_position_weight,
            max_gross_leverage=max_gross_leverage,
            max_net_leverage=max_net_leverage,
            maintenance_margin=maintenance_margin,
            interest_annual=interest_bps_annual / 10_000.0,
            min_trade_value=min_trade_value,
            whole_shares=whole_shares,
            trim_drift=trim_drift,
        )
