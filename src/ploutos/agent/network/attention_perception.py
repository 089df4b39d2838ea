"""Assets look at each other through masked self-attention; no memory."""

import torch
import torch.nn.functional as nnf
from torch import nn

from ploutos.agent.network.base import Perception, Seen
from ploutos.agent.network.layers import asset_encoder, masked_mean, mlp
from ploutos.env.layout import Layout
from ploutos.features.scaler import RobustScaler

NEVER = -1e9  # finite, so that a bar without members has equal attention instead of NaN


class Block(nn.Module):
    """Self-attention over the members, then two layers on each asset; both added to what came in.

    Vaswani et al. 2017 (arXiv:1706.03762), normalised before each part; a set transformer's block (Lee et
    al. 2019, arXiv:1810.00825) without positions.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.before_attention = nn.LayerNorm(width)
        self.project = nn.Linear(width, 3 * width)
        self.mix = nn.Linear(width, width)
        self.before_layers = nn.LayerNorm(width)
        self.layers = nn.Sequential(nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))

    def forward(self, assets: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """Return [R, N, E] of `assets` [R, N, E]; `bias` [R, 1, 1, N] keeps non-members unseen."""
        rows, count, width = assets.shape
        parts = self.project(self.before_attention(assets)).view(rows, count, 3, self.heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        looked = nnf.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        assets = assets + self.mix(looked.transpose(1, 2).reshape(rows, count, width))
        result: torch.Tensor = assets + self.layers(self.before_layers(assets))
        return result


class AttentionPerception(Perception):
    """Encoder -> blocks of self-attention over the members; context = mean over members, macro columns.

    Parameters
    ----------
    width : E; C = 2 x width with macro columns, else width.
    heads : of each block, must divide `width`.
    blocks : one after another.
    """

    def __init__(self, layout: Layout, scaler: RobustScaler, *, width: int, heads: int, blocks: int) -> None:
        super().__init__(layout, scaler)
        self.asset_encoder = asset_encoder(self.features, width)
        self.macro_encoder = mlp([self.macro, width]) if self.macro else None
        self.blocks = nn.ModuleList([Block(width, heads) for _ in range(blocks)])
        self.after = nn.LayerNorm(width)
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
        encoded = self.asset_encoder(self.scaled(features, member))
        assets = encoded.flatten(0, 1)
        bias = ((1.0 - member) * NEVER).flatten(0, 1)[:, None, None, :]
        for block in self.blocks:
            assets = block(assets, bias)
        assets = self.after(assets).view_as(encoded)
        context = masked_mean(assets, member)
        if self.macro_encoder is not None:
            context = torch.cat([context, self.macro_encoder(macro.clamp(-self.clip, self.clip))], dim=-1)
        return Seen(assets, context, member), state
