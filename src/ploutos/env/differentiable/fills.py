"""Orders become fills: costs, the cash constraint, entry price and age (docs/execution.md, step 4)."""

from typing import NamedTuple

import torch
from torch import Tensor

from ploutos.env.differentiable.smooth import smooth_abs, smooth_share, without


class Rates(NamedTuple):
    """Cost rate of a fill of notional m: `fixed`, or min(1, base + impact x sqrt(min(1, m / volume))).

    `fixed` [N]; `scaled` [B, 3, N] = base, impact, volume; [B, 0, N] where only `fixed` is charged.
    """

    fixed: Tensor
    scaled: Tensor

    @property
    def proportional(self) -> bool:
        """Whether half a fill costs half as much."""
        return self.scaled.shape[1] == 0

    def fee(self, notional: Tensor) -> Tensor:
        """Return what fills of `notional` [B, N] cost."""
        if self.proportional:
            return notional * self.fixed
        base, impact, volume = self.scaled.unbind(1)
        # The root of the smallest number instead of 0 keeps its slope finite; times notional 0 it is still 0.
        share = (notional / volume).clamp(torch.finfo(notional.dtype).tiny, 1.0)
        return notional * (base + impact * share.sqrt()).clamp(max=1.0)


class Fills(NamedTuple):
    """Filled quantities [B, N], cash [B] after them, traded notional [B] and costs [B], currency."""

    quantity: Tensor
    cash: Tensor
    notional: Tensor
    cost: Tensor


def fill_all(
    order: Tensor, price: Tensor, cash: Tensor, rates: Rates, unit: Tensor, smoothness: float, dust: float
) -> Fills:
    """Fill signed quantities `order` [B, N] whole: cash may become negative (margin account)."""
    worth = order * price
    notional = smooth_abs(worth, unit, smoothness)
    cost = rates.fee(notional).sum(1)
    return Fills(order, cash - worth.sum(1) - cost, notional.sum(1), cost)


def fill_within_cash(
    order: Tensor, price: Tensor, cash: Tensor, rates: Rates, unit: Tensor, smoothness: float, dust: float
) -> Fills:
    """Fill sells, then buys, which shrink by one factor to the cash at hand (cash account).

    What shrinks below `dust`, share of `unit`, lapses.
    """
    worth = order * price
    fee = rates.fee(smooth_abs(worth, unit, smoothness))
    bought, paid = worth.relu(), torch.where(order > 0.0, fee, 0.0)
    needed = bought.sum(1) + paid.sum(1)
    at_hand = cash - (worth - bought).sum(1) - (fee - paid).sum(1)
    less = smooth_share(at_hand.clamp(min=0.0), needed, smoothness).unsqueeze(1) - 1.0
    quantity, worth = order + order.relu() * less, worth + bought * less
    lapsed = (less < 0.0) & (bought > 0.0) & (worth < dust * unit)
    quantity, worth = without(quantity, lapsed), without(worth, lapsed)
    notional = smooth_abs(worth, unit, smoothness)
    proportional = rates.proportional and smoothness == 0.0
    cost = (without(fee + paid * less, lapsed) if proportional else rates.fee(notional)).sum(1)
    left = (cash - worth.sum(1) - cost).clamp(min=0.0)  # only rounding can bring it below
    return Fills(quantity, left, notional.sum(1), cost)


def entry_after(held: Tensor, entry: Tensor, quantity: Tensor, price: Tensor, after: Tensor) -> Tensor:
    """Return the average entry price [B, N] of `after` = `held` + `quantity`; 0 where flat."""
    size, more = held.abs(), quantity.abs()
    adds = held * quantity > 0.0
    averaged = entry + (price - entry) * (more / (size + more).masked_fill(~adds, 1.0))
    otherwise = torch.where(more > size, price, entry)
    return torch.where(adds, averaged, otherwise).masked_fill(after == 0.0, 0.0)


@torch.no_grad()
def age_after(held: Tensor, age: Tensor, after: Tensor) -> Tensor:
    """Return bars held [B, N] at the close of this bar: 1 where a position was opened or crossed zero."""
    return torch.where(held * after > 0.0, age + 1.0, (after != 0.0).to(age.dtype))
