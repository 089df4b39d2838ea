"""The two kinks that can be rounded off, |x| and min(1, a), and the jump at dust (docs/torch_market.md)."""

import torch
from torch import Tensor


def without(x: Tensor, nothing: Tensor) -> Tensor:
    """Return 0 where `nothing`, else x; the slope by x stays 1 everywhere.

    So a weight that begins at zero can still learn to grow: the jump at dust has no slope of its own.
    """
    return x - torch.where(nothing, x, 0.0).detach()


def smooth_abs(x: Tensor, unit: Tensor, smoothness: float) -> Tensor:
    """Return |x|, or u (sqrt((x / u)^2 + s^2) - s) with u = `unit` > 0: less by at most s u, even, 0 at 0."""
    if smoothness == 0.0:
        return x.abs()
    share = x / unit
    square = share * share
    # x^2 / (sqrt(x^2 + s^2) + s): the same without cancellation.
    return square / ((square + smoothness * smoothness).sqrt() + smoothness) * unit


def smooth_share(have: Tensor, need: Tensor, smoothness: float) -> Tensor:
    """Return f = min(1, a), a = have / need, or (1 + a^(-1/s))^-s: between 2^-s min(1, a) and min(1, a).

    `have` >= 0; 1 where nothing is needed.
    """
    short = need > have
    if smoothness == 0.0:
        share = have / need.masked_fill(~short, 1.0)
        return share.masked_fill(~short, 1.0)
    idle = need <= 1e-9 * have  # f is 1 to the last digit, and the slope of 1 / need could overflow
    ratio = have / need.masked_fill(idle, 1.0)
    # min(1, a) (1 + min(a, 1/a)^(1/s))^-s; ties share the gradient, so the kinks of both factors cancel.
    log = ratio.clamp(min=1e-30).log()
    bend = torch.exp(-smoothness * torch.log1p(torch.exp(-log.abs() / smoothness)))
    return (torch.minimum(ratio, torch.ones_like(ratio)) * bend).masked_fill(idle, 1.0)
