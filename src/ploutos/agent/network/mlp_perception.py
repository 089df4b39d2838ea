"""One encoder for all assets and their mean as context; no memory."""

import torch

from ploutos.agent.network.base import Perception, Seen
from ploutos.agent.network.layers import asset_encoder, masked_mean, mlp
from ploutos.env.layout import Layout
from ploutos.features.scaler import RobustScaler


class MlpPerception(Perception):
    """Each asset through the same layers; context = mean over members and macro columns through a layer.

    Parameters
    ----------
    width : E; C = 2 x width with macro columns, else width.
    """

    under_vmap = True

    def __init__(self, layout: Layout, scaler: RobustScaler, *, width: int) -> None:
        super().__init__(layout, scaler)
        self.asset_encoder = asset_encoder(self.features, width)
        self.macro_encoder = mlp([self.macro, width]) if self.macro else None
        self.asset_width = width
        self.context_width = 2 * width if self.macro else width

    def forward(
        self,
        features: torch.Tensor,
        member: torch.Tensor,
        macro: torch.Tensor,
        starts: torch.Tensor,
        state: torch.Tensor,
    ) -> tuple[Seen, torch.Tensor]:
        """Look at each bar by itself; `state` [B, 0] comes back as it is."""
        assets = self.asset_encoder(self.scaled(features, member))
        context = masked_mean(assets, member)
        if self.macro_encoder is not None:
            context = torch.cat([context, self.macro_encoder(macro.clamp(-self.clip, self.clip))], dim=-1)
        return Seen(assets, context, member), state
