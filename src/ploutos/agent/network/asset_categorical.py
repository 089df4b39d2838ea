"""Independent categorical choices, one per asset, as one batched distribution."""

from typing import Any

import torch
from stable_baselines3.common.distributions import Distribution
from torch import nn


class AssetCategorical(Distribution):
    """N choices among C options each; the joint log-probability is the sum over assets.

    The same distribution as Stable-Baselines3's `MultiCategoricalDistribution` with N equal sizes,
    without its loop over assets.
    """

    log_p: torch.Tensor  # [..., N, C], normalised

    def proba_distribution_net(self, *args: Any, **kwargs: Any) -> nn.Module:
        """Not needed: the network's heads make the logits."""
        raise TypeError("AssetCategorical takes logits from the policy's own heads")

    def proba_distribution(self, logits: torch.Tensor) -> "AssetCategorical":
        """Set the parameters from unnormalised `logits` [..., N, C]."""
        self.log_p = torch.log_softmax(logits, dim=-1)
        return self

    def log_prob(self, actions: torch.Tensor) -> torch.Tensor:
        """Return the joint log-probability [...] of `actions` [..., N]."""
        return self.log_p.gather(-1, actions.long().unsqueeze(-1)).squeeze(-1).sum(dim=-1)

    def entropy(self) -> torch.Tensor:
        """Return the joint entropy [...] in nats."""
        return -(self.log_p.exp() * self.log_p).sum(dim=(-2, -1))

    def sample(self) -> torch.Tensor:
        """Draw actions [B, N] by the Gumbel-max rule."""
        uniform = torch.rand_like(self.log_p).clamp(1e-20, 1.0 - 1e-7)
        return (self.log_p - torch.log(-torch.log(uniform))).argmax(dim=-1)

    def mode(self) -> torch.Tensor:
        """Return the most likely options [B, N]."""
        options: torch.Tensor = self.log_p.argmax(dim=-1)
        return options

    def confidence(self) -> torch.Tensor:
        """Return the probability of the mode [B, N]."""
        best: torch.Tensor = self.log_p.max(dim=-1).values.exp()
        return best

    def actions_from_params(self, logits: torch.Tensor, deterministic: bool = False) -> torch.Tensor:
        """Return actions of the distribution with these logits."""
        actions: torch.Tensor = self.proba_distribution(logits).get_actions(deterministic=deterministic)
        return actions

    def log_prob_from_params(self, logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return actions and their log-probability."""
        actions = self.actions_from_params(logits)
        return actions, self.log_prob(actions)
