"""The objective of proximal policy optimisation as pure functions of tensors."""

from typing import NamedTuple

import torch


class Losses(NamedTuple):
    """Scalars of one minibatch; `total` is what is minimised, the rest tells what happened."""

    total: torch.Tensor
    policy: torch.Tensor
    value: torch.Tensor
    entropy: torch.Tensor
    clip_fraction: torch.Tensor
    approx_kl: torch.Tensor


def clipped_losses(
    *,
    log_prob: torch.Tensor,
    values: torch.Tensor,
    entropy: torch.Tensor | None,
    old_log_prob: torch.Tensor,
    old_values: torch.Tensor,
    advantages: torch.Tensor,
    returns: torch.Tensor,
    clip_range: float,
    clip_range_vf: float | None,
    entropy_coefficient: float,
    value_coefficient: float,
) -> Losses:
    """Return the clipped surrogate with value loss and entropy bonus, as Stable-Baselines3 weighs them.

    With r = exp(log_prob - old_log_prob): policy = -mean min(A r, A clip(r, 1 - c, 1 + c)), value = mean
    (returns - values)^2, total = policy - entropy_coefficient H + value_coefficient value. All tensors have
    one shape, none of their cells is padding. Without an `entropy`, the mean of -log_prob stands for it.

    References
    ----------
    Schulman et al., Proximal Policy Optimization Algorithms, 2017, arXiv:1707.06347. `approx_kl` is the
    estimator mean (r - 1 - ln r) of http://joschu.net/blog/kl-approx.html.
    """
    log_ratio = log_prob - old_log_prob
    ratio = torch.exp(log_ratio)
    clipped = advantages * torch.clamp(ratio, 1.0 - clip_range, 1.0 + clip_range)
    policy = -torch.min(advantages * ratio, clipped).mean()
    if clip_range_vf is not None:
        values = old_values + torch.clamp(values - old_values, -clip_range_vf, clip_range_vf)
    value = ((returns - values) ** 2).mean()
    minus_entropy = log_prob.mean() if entropy is None else -entropy.mean()
    total = policy + entropy_coefficient * minus_entropy + value_coefficient * value
    with torch.no_grad():
        clip_fraction = ((ratio - 1.0).abs() > clip_range).to(ratio.dtype).mean()
        approx_kl = (ratio - 1.0 - log_ratio).mean()
    return Losses(total, policy.detach(), value.detach(), minus_entropy.detach(), clip_fraction, approx_kl)


def normalised(advantages: torch.Tensor) -> torch.Tensor:
    """Return advantages with mean 0 and standard deviation 1."""
    return (advantages - advantages.mean()) / (advantages.std() + 1e-8)
