"""Compiled windows as a function that Torch can differentiate."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ploutos.agent.gradient.decision import Plan
from ploutos.agent.gradient.window_kernel import Course, Plans, Trail, trade_window
from ploutos.agent.gradient.window_slopes import room_for_slopes, slopes_of_window
from ploutos.env.differentiable.ledger import TorchLedger
from ploutos.env.reward.terms import RUIN
from ploutos.env.torch_market import TorchMarket


class Traded(NamedTuple):
    """Log growth and turnover of K bars of B portfolios [K, B], and the ledger after the last."""

    log_growth: Tensor
    turnover: Tensor
    ledger: TorchLedger


def can_compile(market: TorchMarket) -> bool:
    """Return whether compiled windows know the rules of `market`; elsewhere it trades bar by bar itself."""
    fixed = market.tables.known.shape[1] == 1
    on_cpu = market.device.type == "cpu"
    return on_cpu and fixed and not market.rules.account.margin and market.smoothness == 0.0


def trade_plans(
    market: TorchMarket, plan: Plan, ledger: TorchLedger, scenario: Tensor, row: Tensor
) -> Traded:
    """Trade the bars of `plan` [K, B, N] from the close of `row` [B] on.

    Gradients flow from growth and turnover to the plan. The ledger comes back without them, and without entry
    prices and ages: whoever plans ahead does not look at them.
    """
    bars = len(plan.aim)
    if int(row.min()) < 0 or int(row.max()) + bars >= market.bars:
        rows = f"{int(row.min())} ... {int(row.max())}"
        raise IndexError(f"{bars} bars from rows {rows} leave the market ({market.bars} bars)")
    at = scenario * market.bars + row
    trail = _room(bars, ledger)
    differentiable: Callable[..., tuple[Tensor, Tensor]] = _Window.apply
    course, places = course_of(market), (at.numpy(), row.numpy())
    growth, turnover = differentiable(plan.aim, plan.rate, plan.band, course, places, trail)
    cash, equity, shares = (torch.from_numpy(part[-1]).to(ledger.cash.dtype) for part in trail[:3])
    after = TorchLedger(
        cash=cash,
        shares=shares,
        entry=torch.zeros_like(shares),
        age=torch.zeros_like(shares),
        value=shares * market.tables.known[at + bars, 0],
        equity=equity,
        peak=torch.from_numpy(trail.peak[-1]).to(ledger.cash.dtype),
    )
    return Traded(growth, turnover, after)


def course_of(market: TorchMarket) -> Course:
    """Return views of the market's tables."""
    tables = market.tables
    return Course(
        close=tables.known[:, 0].numpy(),
        price=tables.traded[:, 0].numpy(),
        member=tables.member.numpy(),
        slot=tables.slot.numpy(),
        events=tables.events.numpy(),
        fixed=tables.fixed.numpy(),
        cap=float(market.rules.account.max_position_weight),
        ruin=RUIN,
    )


def _room(bars: int, ledger: TorchLedger) -> Trail:
    """Return a trail that begins with `ledger`."""
    batch, assets = ledger.shares.shape
    cash, equity = np.empty((2, bars + 1, batch))
    shares = np.empty((bars + 1, batch, assets))
    cash[0], shares[0] = ledger.cash.numpy(), ledger.shares.numpy()
    filled, growth, turnover = np.empty((3, bars, batch))
    peak = np.empty((bars + 1, batch))
    peak[0] = ledger.peak.numpy()
    return Trail(cash, equity, shares, filled, growth, turnover, peak)


class _Window(torch.autograd.Function):
    """Plans -> growth and turnover [K, B]; the trail is filled on the way."""

    @staticmethod
    def forward(
        ctx: Any, aim: Tensor, rate: Tensor, band: Tensor, course: Course, places: Any, trail: Trail
    ) -> tuple[Tensor, Tensor]:
        plans = Plans(*(part.detach().contiguous().numpy() for part in (aim, rate, band)))
        at, row = places
        trade_window(plans, course, at, row, trail, np.empty(aim.shape[-1]))
        ctx.plans, ctx.course, ctx.places, ctx.trail = plans, course, places, trail
        growth, turnover = (torch.from_numpy(part).to(aim.dtype) for part in (trail.growth, trail.turnover))
        return growth, turnover

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        slopes = room_for_slopes(ctx.plans)
        by_growth, by_turnover = (gradient.double().contiguous().numpy() for gradient in gradients)
        order, by_shares = np.empty((2, slopes.aim.shape[-1]))
        at, row = ctx.places
        slopes_of_window(
            ctx.plans, ctx.course, at, row, ctx.trail, by_growth, by_turnover, slopes, order, by_shares
        )
        return (*map(torch.from_numpy, slopes), None, None, None)
