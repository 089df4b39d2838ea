"""The portfolios of several seeds side by side in one batch."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ploutos.agent.gradient.portfolios import Portfolios
from ploutos.env.differentiable.ledger import TorchLedger


class StackedPortfolios:
    """S sets of B portfolios as one of S B; each set draws its episodes from its own generators.

    Parameters
    ----------
    sets : of equal size and window.

    Attributes
    ----------
    row, fresh, ledger, memory, record : as those of `Portfolios`, the first B of the first set.
    """

    def __init__(self, sets: Sequence[Portfolios]) -> None:
        self.sets = list(sets)
        self.window_bars = sets[0].window_bars
        self._join()

    def carry(self, ledger: TorchLedger, memory: Tensor, record: Tensor) -> None:
        """Go on to the next window from where this one ended, each set by itself."""
        ledgers = zip(*(field.chunk(len(self.sets)) for field in ledger), strict=True)
        parts = zip(ledgers, memory.chunk(len(self.sets)), record.chunk(len(self.sets)), strict=True)
        for own, (held, remembered, recorded) in zip(self.sets, parts, strict=True):
            own.carry(TorchLedger(*held), remembered, recorded)
        self._join()

    def state(self) -> dict[str, Any]:
        """Return everything to go on from, plain enough for a checkpoint."""
        return {"sets": [own.state() for own in self.sets]}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        for own, kept in zip(self.sets, state["sets"], strict=True):
            own.restore(kept)
        self._join()

    def _join(self) -> None:
        self.row, self.fresh, self.memory, self.record = (
            torch.cat([getattr(own, name) for own in self.sets])
            for name in ("row", "fresh", "memory", "record")
        )
        fields = zip(*(own.ledger for own in self.sets), strict=True)
        self.ledger = TorchLedger(*(torch.cat(field) for field in fields))
