"""All slots side by side in one vector; the usual way, and blind to what a slot is."""

import torch

from ploutos.agent.network.base import Perception, Seen
from ploutos.agent.network.layers import mlp
from ploutos.env.layout import Layout
from ploutos.features.scaler import RobustScaler


class FlatPerception(Perception):
    """Features and membership of all slots, and macro columns, through the same layers.

    Parameters
    ----------
    width : units of both hidden layers; C = width.
    asset_width : E, numbers that the last layer makes for each slot.
    """

    any_assets = False
    under_vmap = True

    def __init__(self, layout: Layout, scaler: RobustScaler, *, width: int, asset_width: int) -> None:
        super().__init__(layout, scaler)
        slots = layout.assets
        self.layers = mlp([slots * (self.features + 1) + self.macro, width, width])
        self.slots = mlp([width, slots * asset_width])
        self.asset_width = asset_width
        self.context_width = width

    def forward(
        self,
        features: torch.Tensor,
        member: torch.Tensor,
        macro: torch.Tensor,
        starts: torch.Tensor,
        state: torch.Tensor,
    ) -> tuple[Seen, torch.Tensor]:
        """Look at each bar by itself; `state` [B, 0] comes back as it is."""
        inside = self.scaled(features, member).flatten(-2)
        context = self.layers(torch.cat([inside, member, macro.clamp(-self.clip, self.clip)], dim=-1))
        assets = self.slots(context).unflatten(-1, (member.shape[-1], self.asset_width))
        return Seen(assets, context, member), state
