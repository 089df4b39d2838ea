"""Normal actions of which some do not count."""

import math
from typing import Any

import torch
from stable_baselines3.common.distributions import Distribution
from torch import nn


class MaskedGaussian(Distribution):
    """Independent normal numbers with one standard deviation; where the mask is 0, the number is 0 for sure.

    Masked numbers take no part in the log-probability and the entropy, so they have no gradient either.
    """

    mean: torch.Tensor  # [B, A]
    mask: torch.Tensor  # [B, A], 0 or 1
    log_std: torch.Tensor  # scalar

    def proba_distribution_net(self, *args: Any, **kwargs: Any) -> nn.Module:
        """Not needed: the network's heads make the means."""
        raise TypeError("MaskedGaussian takes means from the policy's own heads")

    def proba_distribution(
        self, mean: torch.Tensor, log_std: torch.Tensor, mask: torch.Tensor
    ) -> "MaskedGaussian":
        """Set the parameters."""
        self.mean, self.log_std, self.mask = mean * mask, log_std, mask
        return self

    def log_prob(self, actions: torch.Tensor) -> torch.Tensor:
        """Return the joint log-density [B] of `actions` [B, A]."""
        deviation = (actions - self.mean) * torch.exp(-self.log_std)
        each = -0.5 * deviation**2 - self.log_std - 0.5 * math.log(2.0 * math.pi)
        return (each * self.mask).sum(dim=-1)

    def entropy(self) -> torch.Tensor:
        """Return the joint entropy [B] in nats."""
        return (0.5 + 0.5 * math.log(2.0 * math.pi) + self.log_std) * self.mask.sum(dim=-1)

    def sample(self) -> torch.Tensor:
        """Draw actions [B, A]."""
        noise = torch.randn_like(self.mean) * torch.exp(self.log_std)
        return self.mean + noise * self.mask

    def mode(self) -> torch.Tensor:
        """Return the means [B, A]."""
        return self.mean

    def actions_from_params(
        self, mean: torch.Tensor, log_std: torch.Tensor, mask: torch.Tensor, deterministic: bool = False
    ) -> torch.Tensor:
        """Return actions of the distribution with these parameters."""
        actions: torch.Tensor = self.proba_distribution(mean, log_std, mask).get_actions(deterministic)
        return actions

    def log_prob_from_params(
        self, mean: torch.Tensor, log_std: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return actions and their log-density."""
        actions = self.actions_from_params(mean, log_std, mask)
        return actions, self.log_prob(actions)
