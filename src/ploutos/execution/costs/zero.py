"""No costs at all."""

from ploutos.execution.costs.model import flat_table
from ploutos.execution.rules import CostTable
from ploutos.execution.tape import Tape


class Zero:
    """Trading is free: for tests of everything else, never for a verdict."""

    window_bars = 0

    def table(self, tickers: tuple[str, ...], tape: Tape) -> CostTable:
        """Return rates of zero."""
        return flat_table(len(tickers), 0.0)
