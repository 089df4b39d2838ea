"""One window of bars: what the actor perceives at once, and its decisions bar by bar."""

from typing import TypeVar

import torch
from torch import Tensor

from ploutos.agent.gradient.compiled_window import Traded, can_compile, trade_plans
from ploutos.agent.gradient.decision import Plan, step_towards
from ploutos.agent.gradient.portfolios import Portfolios
from ploutos.agent.gradient.stacked_actor import StackedActor
from ploutos.agent.gradient.stacked_portfolios import StackedPortfolios
from ploutos.agent.gradient.views import Views
from ploutos.agent.gradient.weight_actor import Prepared, WeightActor
from ploutos.agent.network.base import PortfolioState
from ploutos.env.differentiable.ledger import TorchLedger
from ploutos.env.torch_market import Policy, TorchMarket

# Numbers in one layer's output. Larger blocks of memory go back to the system after each use and come anew,
# page by page, which takes longer than the arithmetic.
MOST_NUMBERS = 6_000_000

Deciding = WeightActor | StackedActor
Playing = Portfolios | StackedPortfolios
Parts = TypeVar("Parts", Plan, Prepared)


def trade(actor: Deciding, market: TorchMarket, portfolios: Playing, views: Views) -> tuple[Traded, Tensor]:
    """Return what the next window of bars brings under `actor`, and its memory after it; changes nothing."""
    parts, memory = perceive(actor, market, portfolios, views)
    scenario, row = torch.zeros_like(portfolios.row), portfolios.row
    if actor.sees_portfolio:
        policy = decide(actor, joined(parts))
    else:
        plan = joined([actor.plan(prepared, None) for prepared in parts])
        if can_compile(market):
            return trade_plans(market, plan, portfolios.ledger, scenario, row), memory
        policy = follow(plan)
    bars = portfolios.window_bars
    run = market.rollout(policy, ledger=portfolios.ledger, scenario=scenario, row=row, bars=bars)
    return Traded(run.log_growth, run.turnover, run.ledger), memory


def perceive(
    actor: Deciding, market: TorchMarket, portfolios: Playing, views: Views
) -> tuple[list[Prepared], Tensor]:
    """Return the market's part of the next window's decisions, some bars each, and the memory after it."""
    bars = portfolios.window_bars
    rows = portfolios.row + torch.arange(bars, device=market.device).unsqueeze(1)
    starts = portfolios.fresh.new_zeros(rows.shape)
    starts[0] = portfolios.fresh
    numbers = portfolios.row.numel() * market.assets * actor.asset_width
    at_once = max(1, MOST_NUMBERS // numbers)
    memory, parts = portfolios.memory, []
    for first in range(0, bars, at_once):
        some = slice(first, first + at_once)
        prepared, memory = actor.look(views.at(rows[some]), starts[some], memory)
        parts.append(prepared)
    return parts, memory


def joined(parts: list[Parts]) -> Parts:
    """Return as one what was made of some bars each."""
    if len(parts) == 1:
        return parts[0]
    return type(parts[0])(*(torch.cat(fields) for fields in zip(*parts, strict=True)))


def follow(plan: Plan) -> Policy:
    """Return the policy of plans [K, B, N] that were made whatever is held."""
    # Unbound at once: the gradient of a slice would be a whole block for every bar.
    waiting = map(Plan, *(field.unbind() for field in plan))
    return lambda ledger, row: step_towards(next(waiting), ledger.weights)


def decide(actor: Deciding, prepared: Prepared) -> Policy:
    """Return the policy that looks at what is held and plans bar by bar, from [K, B, ...]."""
    waiting = map(Prepared, *(field.unbind() for field in prepared))

    def targets(ledger: TorchLedger, row: Tensor) -> Tensor:
        held = portfolio_of(ledger)
        return step_towards(actor.plan(next(waiting), held), held.weight)

    return targets


def portfolio_of(ledger: TorchLedger) -> PortfolioState:
    """Return what an observation says of `ledger`."""
    weight = ledger.weights
    account = torch.stack([ledger.cash_weight, ledger.drawdown, weight.abs().sum(1)], dim=-1)
    return PortfolioState(weight, ledger.unrealised, ledger.age, account)
