"""Costs proportional to traded notional."""

from ploutos.execution.costs.model import flat_table
from ploutos.execution.roster import Roster
from ploutos.execution.rules import CostTable
from ploutos.types import Bps, checked


class FixedBps:
    """Every side of a trade costs the same share of its notional: notional x cost_bps / 10 000."""

    window_bars = 0

    @checked
    def __init__(self, *, cost_bps: Bps) -> None:
        self.cost_bps = cost_bps

    def table(self, roster: Roster) -> CostTable:
        """Return the same rate for every asset."""
        return flat_table(roster.columns, self.cost_bps / 10_000.0)
