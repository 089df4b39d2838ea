"""Commission, spread, slippage with volatility, impact with size, borrow fees; the same for every asset."""

import numpy as np

from ploutos.execution.costs.liquidity import liquidity
from ploutos.execution.roster import Roster
from ploutos.execution.rules import CostTable
from ploutos.execution.tape import read_only
from ploutos.types import Bps, NonNegativeFloat, PositiveInt, checked


class Realistic:
    """Cost rate of a fill of notional m, per side (docs/execution.md, "Costs"):

    (commission_bps + half_spread_bps) / 10 000 + slippage x sigma + impact x sigma x sqrt(min(1, m / V)),

    sigma and V being volatility and mean traded value per bar of the last `window_bars` bars at the decision.

    Parameters
    ----------
    borrow_bps_annual : fee on the value of short positions, basis points a year of 365 days.

    References
    ----------
    Torre, BARRA Market Impact Model Handbook, 1997. Almgren, Thum, Hauptmann & Li, Direct Estimation of
    Equity Market Impact, Risk 18(7), 2005.
    """

    @checked
    def __init__(
        self,
        *,
        commission_bps: Bps,
        half_spread_bps: Bps,
        slippage: NonNegativeFloat,
        impact: NonNegativeFloat,
        borrow_bps_annual: NonNegativeFloat,
        window_bars: PositiveInt,
    ) -> None:
        self.commission_bps = commission_bps
        self.half_spread_bps = half_spread_bps
        self.slippage = slippage
        self.impact = impact
        self.borrow_bps_annual = borrow_bps_annual
        self.window_bars = window_bars

    def table(self, roster: Roster) -> CostTable:
        """Return the same parameters for every asset, with their own volatility and traded value."""

        def each(value: float) -> np.ndarray:
            return read_only(np.full((1, roster.columns), value))

        return CostTable(
            fixed=each((self.commission_bps + self.half_spread_bps) / 10_000.0),
            slippage=each(self.slippage),
            impact=each(self.impact),
            borrow_annual=each(self.borrow_bps_annual / 10_000.0),
            by_row=False,
            scaled=True,
            liquidity=liquidity(roster, self.window_bars),
        )
