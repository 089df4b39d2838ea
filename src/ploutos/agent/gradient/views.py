"""What the training window shows, as tensors to gather bars from."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ploutos.env.market import Market


@dataclass(frozen=True)
class Views:
    """Observable columns of a window of R rows, whose first is row `first` of the market; float32.

    Attributes
    ----------
    features : [R, N, F]; member : [R, N]; macro : [R, M].
    """

    first: int
    features: Tensor
    member: Tensor
    macro: Tensor

    @classmethod
    def of(cls, market: Market, rows: slice, device: torch.device) -> "Views":
        """Return copies of `rows` of the market's first scenario."""
        columns = (market.features[0], market.member, market.macro)
        tensors = (torch.tensor(c[rows], device=device, dtype=torch.float32) for c in columns)
        return cls(rows.start, *tensors)

    def at(self, rows: Tensor) -> "Views":
        """Return the bars at `rows` [T, B] of the market; fields are then [T, B, ...]."""
        flat = (rows - self.first).flatten()
        columns = (self.features, self.member, self.macro)
        taken = (c.index_select(0, flat).view(*rows.shape, *c.shape[1:]) for c in columns)
        return Views(0, *taken)
