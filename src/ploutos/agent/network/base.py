"""What a network perceives of the market, apart from the portfolio that looks at it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Any, Protocol

import torch
import torch.nn.functional as nnf
from torch import nn

from ploutos.env.layout import ASSET_STATE, PORTFOLIO_STATE, Layout
from ploutos.features.scaler import RobustScaler


@dataclass(frozen=True)
class Seen:
    """What a network perceived; the leading dimensions are [T, B] or whatever the caller cut out of them.

    Attributes
    ----------
    assets : [..., N, E].
    context : [..., C], of the whole market, with the network's memory of it.
    member : [..., N], 0 or 1, of the same type as `assets`.
    """

    assets: torch.Tensor
    context: torch.Tensor
    member: torch.Tensor

    def __getitem__(self, index: Any) -> "Seen":
        """Index the leading dimensions: `seen[t]` is one bar of all portfolios."""
        return Seen(self.assets[index], self.context[index], self.member[index])


@dataclass(frozen=True)
class PortfolioState:
    """What a portfolio holds, in the units of the observation (see `Layout`); heads scale it themselves.

    Attributes
    ----------
    weight, unrealised, holding : [..., N]: share of equity, profit per entry price, bars.
    account : [..., 3]: cash weight, drawdown, leverage.
    """

    weight: torch.Tensor
    unrealised: torch.Tensor
    holding: torch.Tensor
    account: torch.Tensor

    def __getitem__(self, index: Any) -> "PortfolioState":
        """Index the leading dimensions."""
        return PortfolioState(*(getattr(self, field.name)[index] for field in fields(self)))


class Perception(nn.Module, ABC):
    """A network's view of the market: raw features in, embeddings of assets and of the market out.

    Scaling sits inside (buffers `center`, `scale`), so that saved weights are self-contained. Whatever a
    non-member shows, NaN included, changes nothing for the members.

    Attributes
    ----------
    state_size : S, numbers that one portfolio's memory takes; 0 = no memory. All zero is the initial memory.
    asset_width, context_width : E and C of `Seen`.
    clip : bound of every scaled input.
    any_assets : true where the same weights serve any number of assets.
    under_vmap : true where `torch.func.vmap` can run `forward` for many sets of weights at once.
    """

    any_assets = True
    under_vmap = False
    state_size: int
    asset_width: int
    context_width: int
    clip: float
    center: torch.Tensor
    scale: torch.Tensor

    def __init__(self, layout: Layout, scaler: RobustScaler) -> None:
        super().__init__()
        self.state_size = 0
        self.clip = float(scaler.clip)
        self.features = len(layout.feature_names)
        self.macro = len(layout.macro_names)
        self.register_buffer("center", torch.as_tensor(scaler.center, dtype=torch.float32))
        self.register_buffer("scale", torch.as_tensor(scaler.scale, dtype=torch.float32))

    @abstractmethod
    def forward(
        self,
        features: torch.Tensor,
        member: torch.Tensor,
        macro: torch.Tensor,
        starts: torch.Tensor,
        state: torch.Tensor,
    ) -> tuple[Seen, torch.Tensor]:
        """Look at T bars of B portfolios at once.

        Parameters
        ----------
        features : [T, B, N, F], unscaled.
        member : [T, B, N], 0 or 1.
        macro : [T, B, M].
        starts : [T, B], 1 where an episode starts: the memory is empty before that bar.
        state : [B, S], the memory before the first bar.

        Returns
        -------
        What was seen, [T, B, ...], and the memory [B, S] after the last bar.
        """

    def initial_state(self, batch: int) -> torch.Tensor:
        """Return the empty memory [batch, S]."""
        return self.center.new_zeros(batch, self.state_size)

    def scaled(self, features: torch.Tensor, member: torch.Tensor) -> torch.Tensor:
        """Return features [..., N, F] in clipped robust deviations, 0 for non-members."""
        inside = features - self.center
        outside = (member == 0).unsqueeze(-1)
        # As `clamp_`, which `vmap` does not know.
        clipped = nnf.hardtanh_(inside.div_(self.scale), -self.clip, self.clip)
        return clipped.masked_fill_(outside, 0.0)


class Network(Protocol):
    """A variant of `agent/network`: its settings, and how they become a `Perception`."""

    @property
    def clip(self) -> float:
        """Bound of every normalised input, in robust standard deviations."""
        ...

    @property
    def head_width(self) -> int:
        """Units of the hidden layer of the heads."""
        ...

    def perception(self, layout: Layout, scaler: RobustScaler) -> Perception:
        """Return untrained weights for `layout`, drawn from Torch's generator."""
        ...


def split_observation(
    layout: Layout, observation: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, PortfolioState]:
    """Split observations [..., D] into features [..., N, F], member [..., N], macro [..., M] and holdings."""
    lead = observation.shape[:-1]
    flat = observation.reshape(-1, layout.size)
    blocks = [layout.asset_state(flat, name).reshape(*lead, layout.assets) for name in ASSET_STATE]
    account = torch.stack([layout.portfolio_state(flat, name) for name in PORTFOLIO_STATE], dim=-1)
    member, weight, unrealised, holding = blocks
    return (
        layout.features(flat).reshape(*lead, layout.assets, len(layout.feature_names)),
        member,
        layout.macro(flat).reshape(*lead, len(layout.macro_names)),
        PortfolioState(weight, unrealised, holding, account.reshape(*lead, len(PORTFOLIO_STATE))),
    )
