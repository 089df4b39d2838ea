"""The same weight on every member, rebalanced on a schedule."""

import numpy as np
import numpy.typing as npt

from ploutos.agent.rule import Rule, equal_shares
from ploutos.env.layout import Layout
from ploutos.types import PositiveInt, checked


class EqualWeight(Rule):
    """1/N over the members (DeMiguel, Garlappi & Uppal 2009), every `rebalance_bars` decisions."""

    @checked
    def __init__(self, *, rebalance_bars: PositiveInt) -> None:
        self.rebalance_bars = rebalance_bars

    def targets(
        self, layout: Layout, observation: npt.NDArray[np.float32], decision: int
    ) -> npt.NDArray[np.float64]:
        """Return 1/N for members at a rebalance, else hold."""
        member = layout.asset_column(observation, "member") > 0
        if decision % self.rebalance_bars:
            return np.full(member.shape, np.nan)
        return equal_shares(member, member.sum(axis=1))
