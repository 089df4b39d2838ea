"""Steps a batch of portfolios through a market: the core under training, backtests and Monte Carlo."""

import numpy as np
import numpy.typing as npt

from ploutos.env.layout import Layout
from ploutos.env.market import Market
from ploutos.env.observation.kernel import write_observation
from ploutos.execution.costs.model import CostModel
from ploutos.execution.kernel import execute_bar
from ploutos.execution.ledger import Ledger


class Simulator:
    """B portfolios, each at its own bar `row` [B] of its own scenario [B].

    `turnover` and `cost` [B] hold the figures of the last step.
    """

    def __init__(
        self,
        *,
        market: Market,
        layout: Layout,
        costs: CostModel,
        ledger: Ledger,
        scenario: npt.NDArray[np.int64],
        row: npt.NDArray[np.int64],
    ) -> None:
        self.market = market
        self.layout = layout
        self.costs = costs
        self.ledger = ledger
        self.scenario = scenario
        self.row = row
        self.turnover = np.zeros(len(row))
        self.cost = np.zeros(len(row))

    def observe(self, out: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Write the observations at the close of `row` into `out` [B, D] and return it."""
        market, ledger = self.market, self.ledger
        write_observation(
            out,
            market.features,
            market.member,
            market.macro,
            market.close,
            self.scenario,
            self.row,
            ledger.cash,
            ledger.shares,
            ledger.entry,
            ledger.equity,
            ledger.peak,
        )
        return out

    def weights(self) -> npt.NDArray[np.float64]:
        """Return the weights [B, N] of the holdings at the close of `row`."""
        shares = self.ledger.shares
        value = np.where(shares > 0, shares * self.market.close[self.scenario, self.row], 0.0)
        equity = np.where(self.ledger.equity > 0, self.ledger.equity, 1.0)  # all lost: nothing is held
        weights: npt.NDArray[np.float64] = value / equity[:, None]
        return weights

    def step(self, targets: npt.NDArray[np.float64]) -> None:
        """Trade towards `targets` [B, N] at the next open and move to the next close."""
        market, ledger = self.market, self.ledger
        execute_bar(
            ledger.cash,
            ledger.shares,
            ledger.entry,
            ledger.equity,
            ledger.peak,
            targets,
            self.scenario,
            self.row,
            market.open,
            market.close,
            market.member,
            market.delist_bar,
            market.delist_return,
            self.costs.rate,
            self.turnover,
            self.cost,
        )
        self.row += 1
