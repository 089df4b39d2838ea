"""Normalises the flat observation and encodes every asset with the same weights."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import nn

from ploutos.env.layout import ASSET_STATE, PORTFOLIO_STATE, Layout
from ploutos.features.scaler import RobustScaler


@dataclass(frozen=True)
class Encoded:
    """Per-asset embeddings [B, N, E], market context [B, C] and membership mask [B, N] (0/1)."""

    assets: torch.Tensor
    context: torch.Tensor
    member: torch.Tensor


def mlp(sizes: list[int]) -> nn.Sequential:
    """Return linear layers of `sizes` with a tanh after each."""
    layers: list[nn.Module] = []
    for width_in, width_out in pairwise(sizes):
        layers += [nn.Linear(width_in, width_out), nn.Tanh()]
    return nn.Sequential(*layers)


class CrossSectionalEncoder(nn.Module):
    """One encoder shared by all assets, pooled over members into a market context.

    Permuting the assets permutes the embeddings and leaves the context unchanged. Scaling happens here, with
    the training window's statistics kept as buffers, so that a saved policy is self-contained.

    Parameters
    ----------
    layout : of the observation; the network itself does not depend on the number of assets.
    scaler : fitted on the training window; its `clip` bounds every normalised feature.
    width : E = width, C = 2 x width.
    """

    center: torch.Tensor
    scale: torch.Tensor

    def __init__(self, layout: Layout, scaler: RobustScaler, width: int) -> None:
        super().__init__()
        self.layout = layout
        self.clip = float(scaler.clip)
        self.register_buffer("center", torch.as_tensor(scaler.center, dtype=torch.float32))
        self.register_buffer("scale", torch.as_tensor(scaler.scale, dtype=torch.float32))
        self.asset_encoder = mlp([len(layout.asset_columns), width, width])
        self.global_encoder = mlp([len(layout.global_columns), width])
        self.context_width = 2 * width
        self.asset_width = width

    def forward(self, observation: torch.Tensor) -> Encoded:
        """Encode `observation` [B, D]."""
        layout, clip = self.layout, self.clip
        member, weight, unrealised, holding = (layout.asset_state(observation, name) for name in ASSET_STATE)
        count = member.sum(dim=1, keepdim=True).clamp(min=1.0)
        features = ((layout.features(observation) - self.center) / self.scale).clamp(-clip, clip)
        features = features * member.unsqueeze(-1)
        # Weights in units of equal weight, returns in tenths, logarithms of bars: of order one at any N.
        state = torch.stack(
            [
                member,
                (weight * count).clamp(-clip, clip),
                (10.0 * unrealised).clamp(-clip, clip),
                torch.log1p(holding) / 5.0,
            ],
            dim=-1,
        )
        embedded = self.asset_encoder(torch.cat([features, state], dim=-1))
        pooled = (embedded * member.unsqueeze(-1)).sum(dim=1) / count
        cash, drawdown, leverage = (layout.portfolio_state(observation, name) for name in PORTFOLIO_STATE)
        account = torch.stack([cash, 10.0 * drawdown, leverage], dim=-1).clamp(-clip, clip)
        macro = layout.macro(observation).clamp(-clip, clip)
        context = torch.cat([pooled, self.global_encoder(torch.cat([account, macro], dim=-1))], dim=-1)
        return Encoded(embedded, context, member)


class AssetHeads(nn.Module):
    """The same head on every asset: [asset embedding, market memory] -> `outputs` logits.

    The last layer starts near zero, so an untrained policy is close to its `bias`.
    """

    def __init__(self, asset_width: int, memory_width: int, width: int, outputs: int) -> None:
        super().__init__()
        self.from_asset = nn.Linear(asset_width, width)
        self.from_memory = nn.Linear(memory_width, width, bias=False)
        self.out = nn.Linear(width, outputs)

    def forward(self, assets: torch.Tensor, memory: torch.Tensor) -> Any:
        """Return logits [B, N, outputs] from [B, N, E] and [B, H]."""
        hidden = torch.tanh(self.from_asset(assets) + self.from_memory(memory).unsqueeze(1))
        return self.out(hidden)
