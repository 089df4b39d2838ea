"""One encoder for all assets, a memory of the market and, if wanted, one of each asset."""

import torch
from torch import nn

from ploutos.agent.network.base import Perception, Seen
from ploutos.agent.network.fused import run_lstm
from ploutos.agent.network.layers import asset_encoder, masked_mean, mlp, remember
from ploutos.env.layout import Layout
from ploutos.features.scaler import RobustScaler


class LstmPerception(Perception):
    """Asset encoder -> memory of each asset -> mean over members, macro -> memory of the market.

    All assets share one LSTM, each with a state of its own. It is empty wherever the asset was no member the
    bar before: slots change their names only across such a bar, so a memory never speaks of another name,
    and an asset that returns begins afresh, in training as in a backtest.

    Parameters
    ----------
    width : of the asset encoder.
    asset_memory : units of the memory of each asset; 0 = none.
    market_memory : units of the memory of the market.
    memory_bars : longest span of memory before training.
    """

    def __init__(
        self,
        layout: Layout,
        scaler: RobustScaler,
        *,
        width: int,
        asset_memory: int,
        market_memory: int,
        memory_bars: int,
    ) -> None:
        super().__init__(layout, scaler)
        self.assets = layout.assets
        self.asset_memory = asset_memory
        self.market_memory = market_memory
        self.asset_encoder = asset_encoder(self.features, width)
        self.macro_encoder = mlp([self.macro, width]) if self.macro else None
        self.asset_lstm = nn.LSTM(width, asset_memory) if asset_memory else None
        self.asset_width = width + asset_memory
        inner = self.asset_width + (width if self.macro else 0)
        self.market_lstm = nn.LSTM(inner, market_memory)
        self.context_width = inner + market_memory
        self.state_size = 2 * (market_memory + self.assets * asset_memory)
        for lstm in (self.asset_lstm, self.market_lstm):
            if lstm is not None:
                remember(lstm, memory_bars)

    def forward(
        self,
        features: torch.Tensor,
        member: torch.Tensor,
        macro: torch.Tensor,
        starts: torch.Tensor,
        state: torch.Tensor,
    ) -> tuple[Seen, torch.Tensor]:
        """Look at T bars; the state is the market's hidden and cell, then all assets'."""
        market = state[:, : 2 * self.market_memory]
        after = []
        assets = self.asset_encoder(self.scaled(features, member))
        if self.asset_lstm is not None:
            remembered, last = self._assets(assets, member, starts, state[:, 2 * self.market_memory :])
            assets = torch.cat([assets, remembered], dim=-1)
            after.append(last)
        context = masked_mean(assets, member)
        if self.macro_encoder is not None:
            context = torch.cat([context, self.macro_encoder(macro.clamp(-self.clip, self.clip))], dim=-1)
        hidden, cell = market.unsqueeze(0).chunk(2, dim=-1)
        out, end = run_lstm(self.market_lstm, context, starts, (hidden, cell))
        after.insert(0, torch.cat(end, dim=-1)[0])
        return Seen(assets, torch.cat([context, out], dim=-1), member), torch.cat(after, dim=-1)

    def _assets(
        self, encoded: torch.Tensor, member: torch.Tensor, starts: torch.Tensor, state: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the memory [T, B, N, W] at each bar and [B, 2 N W] after the last."""
        assert self.asset_lstm is not None
        length, batch, assets = member.shape
        rows = batch * assets
        resets = starts.unsqueeze(-1).expand_as(member).reshape(length, rows)
        hidden, cell = state.reshape(batch, 2, assets, self.asset_memory).unbind(dim=1)
        begin = (hidden.reshape(1, rows, -1), cell.reshape(1, rows, -1))
        there = member.reshape(length, rows)
        out, end = run_lstm(self.asset_lstm, encoded.reshape(length, rows, -1), resets, begin, there)
        last = torch.stack([part.view(batch, -1) for part in end], dim=1).flatten(1)
        return out.view(length, batch, assets, -1), last
