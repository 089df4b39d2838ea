"""No costs at all."""

from ploutos.execution.costs.model import flat_table
from ploutos.execution.roster import Roster
from ploutos.execution.rules import CostTable


class Zero:
    """Trading is free: for tests of everything else, never for a verdict."""

    window_bars = 0

    def table(self, roster: Roster) -> CostTable:
        """Return rates of zero."""
        return flat_table(roster.columns, 0.0)
