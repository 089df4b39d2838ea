"""Hold the strongest names of the recent past."""

import numpy as np
import numpy.typing as npt

from ploutos.agent.rule import Rule, equal_shares
from ploutos.env.layout import Layout
from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio
from ploutos.types import PositiveInt, checked, one_of


class MomentumRule(Rule):
    """Equal weight on the `top` members with the highest positive `feature`; the rest in cash.

    Cross-sectional momentum (Jegadeesh & Titman 1993) with an absolute filter.
    """

    @checked
    def __init__(self, *, feature: str, top: PositiveInt, rebalance_bars: PositiveInt) -> None:
        self.feature = feature
        self.top = top
        self.rebalance_bars = rebalance_bars

    def check(self, environment: Portfolio, market: Market) -> None:
        """Refuse a feature that the panel does not have."""
        if self.feature not in market.feature_names:
            raise one_of("momentum_rule.feature", self.feature, market.feature_names)

    def targets(
        self, layout: Layout, observation: npt.NDArray[np.float32], decision: int
    ) -> npt.NDArray[np.float64]:
        """Return 1/top for the chosen at a rebalance, else hold."""
        member = layout.asset_column(observation, "member") > 0
        if decision % self.rebalance_bars:
            return np.full(member.shape, np.nan)
        strength = np.where(member, layout.asset_column(observation, self.feature), -np.inf)
        rank = np.argsort(np.argsort(-strength, axis=1, kind="stable"), axis=1, kind="stable")
        chosen = (rank < self.top) & (strength > 0)
        return equal_shares(chosen, np.full(len(chosen), self.top))
