"""What one bar did to a batch of portfolios."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ploutos.execution.compiled import part
from ploutos.execution.ledger import Float


class Outcome(NamedTuple):
    """What one bar did, filled by `Venue.step`.

    Attributes
    ----------
    turnover : [B], traded notional / equity at the decision; cost : [B], currency.
    forced : [B], the decision was overruled: a margin call or a limit of the portfolio flattened everything.
    traded : [B, N], net shares traded, after the bar's splits; fees : [B, N], currency. Both are [0, 0] where
        nobody asked for them.
    """

    turnover: Float
    cost: Float
    forced: npt.NDArray[np.bool_]
    traded: Float
    fees: Float

    @classmethod
    def empty(cls, batch: int, assets: int, *, detailed: bool) -> "Outcome":
        """Return room for one bar of `batch` portfolios; `detailed` keeps `traded` and `fees`."""
        shape = (batch, assets) if detailed else (0, 0)
        return cls(
            np.zeros(batch), np.zeros(batch), np.zeros(batch, np.bool_), np.zeros(shape), np.zeros(shape)
        )


@part
def start(outcome: Outcome, b: int) -> None:
    """Empty portfolio `b`'s row of `outcome`."""
    outcome.forced[b] = False
    outcome.turnover[b] = 0.0
    outcome.cost[b] = 0.0
    if outcome.traded.shape[0] > 0:
        outcome.traded[b] = 0.0
        outcome.fees[b] = 0.0
