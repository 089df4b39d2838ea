"""What flows back through the ledger is the slope of what the execution kernel pays."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_learners import NETWORKS, agent_of, disturbed

from hand_market import make_environment, make_market, margin_account, random_market
from ploutos.agent.gradient.decision import step_towards
from ploutos.agent.gradient.portfolios import Portfolios
from ploutos.agent.gradient.trading import trade
from ploutos.agent.gradient.views import Views
from ploutos.agent.network.base import PortfolioState
from ploutos.agent.utility.drawdown_penalised import DrawdownPenalised
from ploutos.agent.utility.log_return import LogReturn
from ploutos.agent.utility.sharpe import Sharpe
from ploutos.env.torch_market import TorchMarket
from ploutos.execution.ledger import Ledger
from ploutos.execution.outcome import Outcome
from ploutos.features.scaler import RobustScaler

BARS, BATCH = 7, 3
UTILITIES = {
    "log_return": LogReturn(),
    "sharpe": Sharpe(volatility_floor=1e-4),
    "drawdown_penalised": DrawdownPenalised(penalty=0.7),
}


def arena(*, action="target_weights", network="cross_sectional_lstm", sees=False):
    """Return (actor, environment, market, Torch market, portfolios, views), all in 64 bits."""
    market = random_market(np.random.default_rng(5), rows=60, assets=4, features=3, macro=1, scale=0.03)
    account = margin_account() if action.endswith("short") else None
    environment = make_environment(action, cost_bps=30.0, account=account)
    agent = agent_of(network=NETWORKS[network], sees_portfolio=sees)
    scaler = RobustScaler.fit(market.features[0], market.member, slice(0, 50), clip=5.0, max_cells=10**6)
    actor = disturbed(agent.actor(environment, market, scaler)).double()
    torched = TorchMarket(
        market, environment.venue(market), device="cpu", dtype=torch.float64, smoothness=0.0
    )
    portfolios = Portfolios(
        torched,
        batch=BATCH,
        capital=1e6,
        rows=slice(5, 50),
        window_bars=BARS,
        episode_bars=2 * BARS,
        memory=actor.perception.state_size,
        record=2,
        seed=0,
    )
    views = Views.of(market, slice(5, 50), torch.device("cpu"))
    doubled = {name: getattr(views, name).double() for name in ("features", "member", "macro")}
    return actor, environment, market, torched, portfolios, replace(views, **doubled)


def by_torch(utility, actor, torched, portfolios, views):
    run, _ = trade(actor, torched, portfolios, views)
    growth = run.log_growth - 1e-3 * run.turnover
    return utility(growth, portfolios.record[:, : utility.state_size])[0]


@torch.no_grad()
def by_kernel(utility, actor, environment, market, portfolios, views):
    """Return the same utility where the NumPy kernel trades what the actor decides bar by bar."""
    venue, row = environment.venue(market), portfolios.row.numpy()
    ledger = Ledger.open(BATCH, market.assets, 1e6)
    outcome = Outcome.empty(BATCH, market.assets, detailed=False)
    memory, growth = portfolios.memory, []
    scenario = np.zeros(BATCH, np.int64)
    for k in range(BARS):
        shown = views.at(torch.as_tensor(row + k)[None])
        starts = torch.full((1, BATCH), float(k == 0), dtype=torch.float64)
        seen, memory = actor.perception(shown.features, shown.member, shown.macro, starts, memory)
        value = ledger.shares * market.close[scenario, row + k]
        weight = value / ledger.equity[:, None]
        gain = np.where(ledger.shares != 0, value / np.where(ledger.shares, ledger.shares, 1), 0.0)
        gain = np.where(ledger.shares != 0, gain / np.where(ledger.entry, ledger.entry, 1) - 1, 0.0)
        account = [ledger.cash / ledger.equity, 1 - ledger.equity / ledger.peak, np.abs(weight).sum(1)]
        held = (weight, gain * np.sign(ledger.shares), ledger.age.astype(float), np.stack(account, -1))
        state = PortfolioState(*map(torch.as_tensor, held))
        targets = step_towards(actor.plan(actor.prepare(seen[0]), state), state.weight).numpy()
        before = ledger.equity.copy()
        venue.step(ledger, np.ascontiguousarray(targets), scenario, row + k, outcome)
        growth.append(np.log(ledger.equity / before) - 1e-3 * outcome.turnover)
    told = torch.as_tensor(np.stack(growth))
    return utility(told, portfolios.record[:, : utility.state_size])[0].item()


CASES = [
    ("target_weights", "cross_sectional_lstm", False),
    ("target_weights", "cross_sectional_mlp", True),
    ("target_weights_short", "cross_sectional_lstm", False),
    ("target_weights_short", "set_attention", True),
]


@pytest.mark.parametrize("name", UTILITIES)
@pytest.mark.parametrize(("action", "network", "sees"), CASES)
def test_the_gradient_is_the_slope_of_what_the_kernel_pays(action, network, sees, name):
    utility = UTILITIES[name]
    actor, environment, market, torched, portfolios, views = arena(action=action, network=network, sees=sees)
    value = by_torch(utility, actor, torched, portfolios, views)
    kernel = by_kernel(utility, actor, environment, market, portfolios, views)
    assert value.item() == pytest.approx(kernel, rel=1e-9, abs=1e-12)
    value.backward()
    parameters, epsilon = list(actor.parameters()), 1e-6
    assert all(parameter.grad is not None and parameter.grad.any() for parameter in parameters)
    generator = torch.Generator().manual_seed(1)
    for _ in range(3):
        directions = [torch.randn(p.shape, generator=generator, dtype=torch.float64) for p in parameters]
        slope = sum((p.grad * d).sum().item() for p, d in zip(parameters, directions, strict=True))
        ends = []
        for step in (epsilon, -2 * epsilon, epsilon):
            move(parameters, directions, step)
            ends.append(by_kernel(utility, actor, environment, market, portfolios, views))
        assert slope == pytest.approx((ends[0] - ends[1]) / (2 * epsilon), rel=1e-5)


@torch.no_grad()
def move(parameters, directions, step):
    for parameter, direction in zip(parameters, directions, strict=True):
        parameter += step * direction


def test_a_market_with_gaps_delistings_and_entries_gives_finite_gradients():
    rng = np.random.default_rng(2)
    closes = 50.0 * np.exp(np.cumsum(rng.normal(0, 0.02, (80, 5)), axis=0))
    opens = closes * np.exp(rng.normal(0, 0.01, closes.shape))
    opens[rng.random(closes.shape) < 0.2] = np.nan
    member = rng.random(closes.shape) < 0.8
    opens[30:, 1] = np.nan
    member[30:, 1] = False
    features = np.where(member[..., None], rng.normal(size=(80, 5, 2)), np.nan)
    market = make_market(
        opens,
        closes,
        features=features,
        member=member,
        delist_bar=[-1, 30, -1, -1, -1],
        delist_return=[-0.5] * 5,
    )
    environment = make_environment("target_weights", episode_bars=16)
    scaler = RobustScaler.fit(market.features[0], market.member, slice(5, 70), clip=5.0, max_cells=10**6)
    for sees in (False, True):
        for network in NETWORKS.values():
            agent = agent_of(network=network, sees_portfolio=sees, portfolios=16)
            learner = agent.learner(environment, market, slice(5, 70), scaler, 0)
            for _ in range(6):
                figures = learner.update(1.0)
                assert all(torch.isfinite(figure) for figure in figures)
                assert all(torch.isfinite(p.grad).all() for p in learner.parameters)
            assert figures.turnover > 0
