"""Portfolios that play episodes, window after window of bars."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from ploutos.env.differentiable.ledger import TorchLedger
from ploutos.env.episodes import Episodes
from ploutos.env.torch_market import TorchMarket


class Portfolios:
    """B portfolios, each at its own row with a ledger and memories of its own.

    An episode starts in cash at a random row and lasts as many whole windows as fit into `episode_bars`. The
    first episodes are of random length, so that later ones do not start all at once.

    Parameters
    ----------
    batch : B.
    capital : each episode begins with, cash.
    rows : the training window; fills and marks stay inside it.
    window_bars : K, bars between two calls of `carry`.
    episode_bars : most bars of an episode, at least `window_bars`.
    seed : of the rows and lengths of episodes.
    memory, record : numbers that perception and utility keep of one portfolio; 0 where an episode starts.

    Attributes
    ----------
    row : [B], of the market, at whose close the next decision is taken.
    fresh : [B], 1 where the next decision is an episode's first.
    ledger, memory, record : where the last window ended, without gradients.
    """

    def __init__(
        self,
        market: TorchMarket,
        *,
        batch: int,
        capital: float,
        rows: slice,
        window_bars: int,
        episode_bars: int,
        memory: int,
        record: int,
        seed: int,
    ) -> None:
        self.windows = episode_bars // window_bars
        self.window_bars = window_bars
        self.device = market.device
        self.episodes = Episodes(batch, rows, self.windows * window_bars, seed)
        everyone = np.arange(batch)
        self.row = self._tensor(self.episodes.draw(everyone))
        self.left = np.array([g.integers(1, self.windows + 1) for g in self.episodes.generators])
        self.opened = market.open(batch, capital)
        self.ledger = self.opened
        self.fresh = torch.ones_like(self.opened.cash)
        self.memory = self.fresh.new_zeros(batch, memory)
        self.record = self.fresh.new_zeros(batch, record)

    def carry(self, ledger: TorchLedger, memory: Tensor, record: Tensor) -> None:
        """Go on to the next window from where this one ended; start anew where the episode is over.

        Memories are emptied by who keeps them, before the row that `fresh` marks.
        """
        self.left -= 1
        over = np.flatnonzero(self.left == 0)
        self.row = self.row + self.window_bars
        self.memory, self.record, self.ledger = memory.detach(), record.detach(), ledger.detach()
        self.fresh = torch.zeros_like(self.fresh)
        if not len(over):
            return
        who = self._tensor(over)
        self.left[over] = self.windows
        self.fresh[who] = 1.0
        self.row = self.row.index_copy(0, who, self._tensor(self.episodes.draw(over)))
        self.record = self.record.index_fill(0, who, 0.0)
        pairs = zip(self.ledger, self.opened, strict=True)
        self.ledger = TorchLedger(*(now.index_copy(0, who, new[who]) for now, new in pairs))

    def state(self) -> dict[str, Any]:
        """Return everything to go on from, plain enough for a checkpoint."""
        return {
            "row": self.row,
            "left": torch.as_tensor(self.left),
            "fresh": self.fresh,
            "ledger": list(self.ledger),
            "memory": self.memory,
            "record": self.record,
            "episodes": self.episodes.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        self.row = state["row"].to(self.device)
        self.left = state["left"].numpy().copy()
        self.fresh, self.memory, self.record = (
            state[name].to(self.device) for name in ("fresh", "memory", "record")
        )
        self.ledger = TorchLedger(*(field.to(self.device) for field in state["ledger"]))
        self.episodes.restore(state["episodes"])

    def _tensor(self, rows: Any) -> Tensor:
        return torch.as_tensor(rows, device=self.device, dtype=torch.int64)
