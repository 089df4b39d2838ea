"""Portfolios that play episodes: what the environments of all interfaces share."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ploutos.env.action.base import ActionSpace
from ploutos.env.action.decode import decode
from ploutos.env.episodes import draw_start
from ploutos.env.reward.base import Bar, Reward
from ploutos.env.simulator import Simulator

Rows = npt.NDArray[np.int64]
Single = npt.NDArray[np.float32]


class Played(NamedTuple):
    """What one decision led to, all [B]; `over`: the episode has had its decisions."""

    rewards: npt.NDArray[np.float64]
    ruined: npt.NDArray[np.bool_]
    over: npt.NDArray[np.bool_]


class EpisodeBatch:
    """B portfolios, each in an episode of its own; the caller says when one starts, and where.

    An episode starts in cash at the close of a bar and has `bars` decisions unless it ends in ruin
    (`Ledger.broke`); afterwards the portfolio must be started again before the next `step`.

    Parameters
    ----------
    rows : the window's rows [start, stop) of the market; decisions, fills and marks stay inside it.
    bars : decisions of an episode.
    capital : currency.

    Attributes
    ----------
    seen : [B, D], what the next decision is based on; overwritten two steps later.
    elapsed : [B], decisions taken.
    """

    def __init__(
        self,
        *,
        simulator: Simulator,
        action: ActionSpace,
        reward: Reward,
        rows: slice,
        bars: int,
        capital: float,
    ) -> None:
        self.size = len(simulator.row)
        self.simulator = simulator
        self.action = action
        self.reward = reward
        self.rows = rows
        self.bars = bars
        self.capital = capital
        self.elapsed = np.zeros(self.size, np.int64)
        self.fresh = reward.start(self.size)
        self.memory = self.fresh.copy()
        self.seen: Single = np.zeros((self.size, simulator.layout.size), np.float32)
        self._next = np.zeros_like(self.seen)

    def draw(self, generator: np.random.Generator) -> int:
        """Return a start row, every one that leaves room for an episode equally likely."""
        return draw_start(generator, self.rows, self.bars)

    def start(self, who: Rows, rows: Rows) -> None:
        """Start the portfolios `who` afresh at the closes of `rows`, observed by `observe`."""
        self.simulator.row[who] = rows
        self.simulator.ledger.reset(who, self.capital)
        self.elapsed[who] = 0
        self.memory[who] = self.fresh[who]

    def observe(self, who: Rows | None = None) -> Single:
        """Return observations [B, D], renewed for `who`; for everybody into the other buffer."""
        if who is None:
            self._turn()
        return self.simulator.observe(self.seen, who)

    def step(self, actions: npt.NDArray[Any]) -> Played:
        """Take one decision a portfolio; `seen` is what follows."""
        simulator, ledger = self.simulator, self.simulator.ledger
        equity, peak = ledger.equity.copy(), ledger.peak.copy()
        targets = decode(self.action, simulator.layout, self.seen, actions)
        self._turn()
        simulator.step(targets, self.seen)
        bar = Bar(equity, ledger.equity, peak, ledger.peak, simulator.outcome.turnover)
        rewards, self.memory = self.reward(bar, self.memory)
        self.elapsed += 1
        return Played(rewards, ledger.broke, self.elapsed >= self.bars)

    def figures(self) -> dict[str, npt.NDArray[Any]]:
        """Return what infos tell, by name, [B] each; nothing has been paid or traded at a start."""
        ledger, outcome, row = self.simulator.ledger, self.simulator.outcome, self.simulator.row
        moved = self.elapsed > 0
        return {
            "equity": ledger.equity.copy(),
            "cash": ledger.cash.copy(),
            "cost": np.where(moved, outcome.cost, 0.0),
            "turnover": np.where(moved, outcome.turnover, 0.0),
            "forced": outcome.forced & moved,
            "row": row.copy(),
            "timestamp": self.simulator.market.ts[row],
        }

    def _turn(self) -> None:
        self.seen, self._next = self._next, self.seen
