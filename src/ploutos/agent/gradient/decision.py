"""From logits to target weights: an aim, a rate towards it, a band around it; all differentiable."""

from typing import NamedTuple

import torch
from torch import Tensor

from ploutos.agent.oracle_family import Allowed


class Plan(NamedTuple):
    """What is wanted, whatever is held; all [..., N].

    Attributes
    ----------
    aim : weights, 0 for non-members.
    rate : share of the way beyond the band that one decision goes, in (0, 1).
    band : share of equity, > 0.
    outside : bool, no member.
    """

    aim: Tensor
    rate: Tensor
    band: Tensor
    outside: Tensor


def aims(logit: Tensor, cash: Tensor, member: Tensor, allowed: Allowed) -> Tensor:
    """Return the weights [..., N] of logits [..., N]; 0 for non-members.

    Long only, the softmax across members and cash. Where short sales are allowed, with L the leverage:

        aim_n = L (e^(x_n) - e^(-x_n)) / (sum over members (e^(x_m) + e^(-x_m)) + e^cash)

    Parameters
    ----------
    cash : [...], logit of cash.
    member : [..., N], 0 or 1.
    """
    outside = member == 0
    if not allowed.short:
        logits = torch.cat([logit.masked_fill(outside, -torch.inf), cash.unsqueeze(-1)], dim=-1)
        return logits.softmax(-1)[..., :-1]
    logit = logit.masked_fill(outside, 0.0)
    top = torch.maximum(logit.abs().amax(-1), cash).detach().unsqueeze(-1)
    bought, sold = (logit - top).exp(), (-logit - top).exp()
    total = ((bought + sold) * member).sum(-1, keepdim=True) + (cash.unsqueeze(-1) - top).exp()
    return allowed.leverage * (bought - sold) / total


def step_towards(plan: Plan, weight: Tensor) -> Tensor:
    """Return target weights [..., N] for the present ones; NaN = hold inside the band, 0 for non-members.

    Outside the band a weight goes `rate` of the way to the band's edge, so the target is continuous in
    everything: at the edge it is the present weight.
    """
    way = plan.aim - weight
    beyond = way - way.clamp(-plan.band, plan.band)
    target = torch.addcmul(weight, plan.rate, beyond)
    return target.masked_fill(beyond == 0.0, torch.nan).masked_fill(plan.outside, 0.0)
