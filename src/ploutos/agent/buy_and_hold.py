"""Buy every member once and never trade again."""

import numpy as np
import numpy.typing as npt

from ploutos.agent.rule import Rule, equal_shares
from ploutos.env.layout import Layout


class BuyAndHold(Rule):
    """1/N over the members of the first bar; payouts of delisted names stay in cash."""

    def targets(
        self, layout: Layout, observation: npt.NDArray[np.float32], decision: int
    ) -> npt.NDArray[np.float64]:
        """Return 1/N at the first decision, else hold."""
        member = layout.asset_column(observation, "member") > 0
        if decision:
            return np.full(member.shape, np.nan)
        return equal_shares(member, member.sum(axis=1))
