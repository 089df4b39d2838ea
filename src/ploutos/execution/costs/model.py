"""What a venue asks of a cost model."""

from typing import Protocol

import numpy as np

from ploutos.execution.roster import Roster
from ploutos.execution.rules import CostTable
from ploutos.execution.tape import read_only

NOTHING = read_only(np.zeros((1, 1, 2, 1)))


class CostModel(Protocol):
    """Prices fills and short positions."""

    @property
    def window_bars(self) -> int:
        """Bars of a name's own past that its costs at a bar depend on."""
        ...

    def table(self, roster: Roster) -> CostTable:
        """Return the costs of every column."""
        ...


def flat_table(assets: int, rate: float) -> CostTable:
    """Return a table that charges every side of every fill `rate` of its notional, and nothing else."""
    nothing = read_only(np.zeros((1, assets)))
    return CostTable(
        fixed=read_only(np.full((1, assets), rate)),
        slippage=nothing,
        impact=nothing,
        borrow_annual=nothing,
        by_row=False,
        scaled=False,
        liquidity=NOTHING,
    )
