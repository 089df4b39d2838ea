"""Steps a batch of portfolios through a market: the core under training, backtests and Monte Carlo."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ploutos.env.kernel import observe, step
from ploutos.env.layout import Layout
from ploutos.env.market import Market
from ploutos.execution.ledger import Float, Ledger
from ploutos.execution.outcome import Outcome
from ploutos.execution.scratch import Scratch
from ploutos.execution.venue import Venue, order_costs


class Simulator:
    """B portfolios, each at its own bar `row` [B] of its own scenario [B].

    Parameters
    ----------
    threads : the batch is cut into so many parts that step side by side; results do not depend on it.
    detailed : keep traded shares and fees by name in `outcome`.

    Attributes
    ----------
    outcome : what the last step did.
    """

    def __init__(
        self,
        *,
        market: Market,
        venue: Venue,
        layout: Layout,
        ledger: Ledger,
        scenario: npt.NDArray[np.int64],
        row: npt.NDArray[np.int64],
        threads: int = 1,
        detailed: bool = False,
    ) -> None:
        self.market = market
        self.venue = venue
        self.layout = layout
        self.ledger = ledger
        self.scenario = scenario
        self.row = row
        batch, assets = ledger.shares.shape
        self.outcome = Outcome.empty(batch, assets, detailed=detailed)
        self._features = market.features.reshape(*market.features.shape[:2], -1)
        self._everyone = np.arange(batch)
        edges = np.linspace(0, batch, min(threads, max(batch, 1)) + 1).astype(int)
        self._parts = [(int(first), int(last), Scratch.of(assets)) for first, last in pairwise(edges)]
        self._pool = ThreadPoolExecutor(len(self._parts) - 1) if len(self._parts) > 1 else None

    def observe(
        self, out: npt.NDArray[np.float32], who: npt.NDArray[np.int64] | None = None
    ) -> npt.NDArray[np.float32]:
        """Write the observations at the close of `row`, of all or of `who`, into `out` [B, D]; return it."""
        market = self.market
        observe(
            self._everyone if who is None else who,
            out,
            self._features,
            market.macro,
            self.scenario,
            self.row,
            self.ledger,
            market.tape,
        )
        return out

    def close(self) -> None:
        """Stop the threads."""
        if self._pool is not None:
            self._pool.shutdown()

    def weights(self) -> Float:
        """Return the weights [B, N] of the holdings at the close of `row`, negative where short."""
        shares = self.ledger.shares
        value = np.where(shares != 0, shares * self.market.close[self.scenario, self.row], 0.0)
        equity = np.where(self.ledger.broke, 1.0, self.ledger.equity)  # all lost: nothing is held
        weights: Float = value / equity[:, None]
        return weights

    def estimate(self, targets: Float) -> Float:
        """Return what the orders for `targets` [B, N] would cost at the close of `row`, currency [B, N].

        By the same formula as the fills, at the decision's prices and at full size.
        """
        return order_costs(self.venue, self.ledger, targets, self.scenario, self.row)

    def step(self, targets: Float, out: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Trade towards `targets` [B, N], move to the next close, write what is seen there into `out`."""
        market, venue = self.market, self.venue

        def run(first: int, last: int, scratch: Scratch) -> None:
            step(
                first,
                last,
                targets,
                out,
                self._features,
                market.macro,
                self.scenario,
                self.row,
                self.ledger,
                venue.tape,
                venue.rules,
                self.outcome,
                scratch,
            )

        if self._pool is None:
            run(*self._parts[0])
        else:
            others = [self._pool.submit(run, *part) for part in self._parts[1:]]
            run(*self._parts[0])
            for other in others:
                other.result()
        return out
