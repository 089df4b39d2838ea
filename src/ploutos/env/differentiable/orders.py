"""From target weights to goal weights (docs/execution.md, step 1)."""

import math

import torch
from torch import Tensor

from ploutos.execution.rules import AccountRules


def goal_weights(
    targets: Tensor, allowed: Tensor, weights: Tensor, rules: AccountRules
) -> tuple[Tensor, Tensor]:
    """Return what is wanted of every name [B, N], and where it is to hold instead.

    `targets` [B, N], NaN = hold, also in place of a name that is not `allowed` [B, N]; `weights` [B, N] are
    the current ones.
    """
    unset = torch.isnan(targets)
    hold = unset & allowed
    floor = -rules.max_position_weight if rules.allow_short else 0.0
    goal = targets.masked_fill(unset | ~allowed, 0.0).clamp(floor, rules.max_position_weight)
    held = weights.masked_fill(~hold, 0.0)
    if math.isfinite(rules.max_gross_leverage):
        goal = _cap_gross(goal, held, rules.max_gross_leverage)
    if math.isfinite(rules.max_net_leverage):
        goal = _cap_net(goal, held, rules.max_net_leverage, rules.allow_short)
    return goal, hold


def _cap_gross(goal: Tensor, held: Tensor, most: float) -> Tensor:
    """Shrink all goals by one factor until the gross leverage is at most `most`."""
    wanted, kept = goal.abs().sum(1), held.abs().sum(1)
    over = (kept + wanted > most) & (wanted > 0.0)
    factor = (most - kept).clamp(min=0.0) / wanted.masked_fill(~over, 1.0)
    return goal * factor.masked_fill(~over, 1.0).unsqueeze(1)


def _cap_net(goal: Tensor, held: Tensor, most: float, allow_short: bool) -> Tensor:
    """Shrink the longs (shorts) by one factor until the net leverage is at most `most` (at least -`most`)."""
    net = goal.sum(1) + held.sum(1)
    capped = _shrink(goal, goal.relu(), net - most)
    return _shrink(capped, (-goal).relu(), -net - most) if allow_short else capped


def _shrink(goal: Tensor, side: Tensor, excess: Tensor) -> Tensor:
    """Take `excess` [B], where positive, from the goals whose size `side` [B, N] gives, by one factor."""
    size = side.sum(1)
    over = (excess > 0.0) & (size > 0.0)
    factor = (1.0 - excess / size.masked_fill(~over, 1.0)).clamp(min=0.0).masked_fill(~over, 1.0)
    return torch.where(side > 0.0, goal * factor.unsqueeze(1), goal)
