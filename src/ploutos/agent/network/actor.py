"""Perception and heads together: from observations to decisions."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ploutos.agent.network.asset_categorical import AssetCategorical
from ploutos.agent.network.base import Network, Perception, PortfolioState, Seen
from ploutos.agent.network.head import AssetHead, PoolHead
from ploutos.env.action.base import ActionSpace
from ploutos.env.action.decode import decode
from ploutos.env.action.discrete import HOLD
from ploutos.env.layout import Layout
from ploutos.features.scaler import RobustScaler

NEVER = -1e9  # logit of what cannot be chosen; finite, so that 0 * log 0 is 0


class Actor(nn.Module, ABC):
    """What a saved policy runs: a perception, and a way to decide from what it saw and what is held."""

    perception: Perception

    @abstractmethod
    def decide(self, seen: Seen, portfolio: PortfolioState) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the action [B, ...] and how sure it is [B, N], in [0, 1], of one bar of B portfolios."""

    @abstractmethod
    def target_weights(
        self, layout: Layout, observation: npt.NDArray[np.float32], value: npt.NDArray[Any]
    ) -> npt.NDArray[np.float64]:
        """Return what actions `value` [B, ...] mean for the ledger: [B, N], NaN = hold."""

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Return JSON-ready names and numbers; a policy is loaded only where they are the same."""


class SpaceActor(Actor):
    """Decides in the environment's action space; non-members are fixed to hold (0 where continuous).

    One head serves all assets. Where a continuous space has one number more than there are assets, a head
    on the portfolio as a whole makes that one, cash.

    Parameters
    ----------
    network : variant of `agent/network`.
    layout : of the observations.
    scaler : fitted on the training window.
    action : the environment's action space.
    hold_bias : initial log-odds of hold against each other choice (discrete only).
    """

    def __init__(
        self, network: Network, layout: Layout, scaler: RobustScaler, action: ActionSpace, *, hold_bias: float
    ) -> None:
        super().__init__()
        self.action = action
        self.choices = action.choices
        self.perception = network.perception(layout, scaler)
        width = network.head_width
        self.asset_head = AssetHead(self.perception, width=width, outputs=self.choices or 1)
        self.cash_head: PoolHead | None = None
        if self.choices is None:
            if action.space(layout.assets).shape != (layout.assets,):
                self.cash_head = PoolHead(self.perception, width=width, outputs=1)
        else:
            with torch.no_grad():
                self.asset_head.out.bias[HOLD] = hold_bias

    def numbers(self, seen: Seen, portfolio: PortfolioState) -> torch.Tensor:
        """Return logits [..., N, C] (discrete), or means [..., A] (continuous), 0 for non-members."""
        outputs = self.asset_head(self.asset_head.prepare(seen), portfolio)
        inside = seen.member.unsqueeze(-1) > 0
        if self.choices is not None:
            blocked = torch.full_like(outputs[..., :1, :], NEVER)
            blocked[..., HOLD] = 0.0
            return torch.where(inside, outputs, blocked)
        means = torch.where(inside, outputs, 0.0).squeeze(-1)
        if self.cash_head is None:
            return means
        return torch.cat([means, self.cash_head(self.cash_head.prepare(seen), portfolio)], dim=-1)

    def decide(self, seen: Seen, portfolio: PortfolioState) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the most likely action; sure is the probability of a choice, or 1 (continuous)."""
        numbers = self.numbers(seen, portfolio)
        if self.choices is None:
            return numbers, torch.ones_like(seen.member)
        distribution = AssetCategorical().proba_distribution(numbers)
        return distribution.mode(), distribution.confidence()

    def target_weights(
        self, layout: Layout, observation: npt.NDArray[np.float32], value: npt.NDArray[Any]
    ) -> npt.NDArray[np.float64]:
        """Translate as the environment does."""
        return decode(self.action, layout, observation, value)

    def describe(self) -> dict[str, Any]:
        """Return the action space and its settings."""
        return {"action": type(self.action).__name__} | vars(self.action)
