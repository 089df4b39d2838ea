"""Windows that continue are one long window, cut; episodes end, start again, and use their own chance."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from small_learners import NETWORKS, agent_of, disturbed

from hand_market import make_environment
from ploutos.agent.gradient import trading
from ploutos.agent.gradient.portfolios import Portfolios
from ploutos.agent.gradient.trading import trade
from ploutos.agent.gradient.views import Views
from ploutos.agent.network_policy import NetworkPolicy
from ploutos.env.torch_market import TorchMarket
from ploutos.execution.ledger import Ledger
from ploutos.features.scaler import RobustScaler

TRAIN = slice(20, 150)


@pytest.fixture(params=[False, True], ids=["plans", "sees_portfolio"])
def setting(request, market):
    """Return (agent, environment, scaler, actor in 64 bits, Torch market, views)."""
    environment = make_environment("target_weights", cost_bps=20.0, episode_bars=24)
    agent = agent_of(network=NETWORKS["cross_sectional_lstm"], sees_portfolio=request.param)
    scaler = RobustScaler.fit(market.features[0], market.member, TRAIN, clip=5.0, max_cells=10**6)
    actor = disturbed(agent.actor(environment, market, scaler)).double()
    torched = TorchMarket(
        market, environment.venue(market), device="cpu", dtype=torch.float64, smoothness=0.0
    )
    views = Views.of(market, TRAIN, torch.device("cpu"))
    doubled = {name: getattr(views, name).double() for name in ("features", "member", "macro")}
    return agent, environment, scaler, actor, torched, replace(views, **doubled)


def portfolios_of(torched, actor, window, *, batch=3, episode=24, seed=0):
    return Portfolios(
        torched,
        batch=batch,
        capital=1e6,
        rows=TRAIN,
        window_bars=window,
        episode_bars=episode,
        memory=actor.perception.state_size,
        record=0,
        seed=seed,
    )


@torch.no_grad()
def growth_of(setting, window, windows):
    _, _, _, actor, torched, views = setting
    portfolios = portfolios_of(torched, actor, window)
    portfolios.row, portfolios.left[:] = torch.tensor([20, 33, 61]), 100
    told = []
    for _ in range(windows):
        run, memory = trade(actor, torched, portfolios, views)
        told.append(run.log_growth)
        portfolios.carry(run.ledger, memory, portfolios.record)
    return torch.cat(told)


def test_four_short_windows_are_one_long_one(setting):
    whole = growth_of(setting, 24, 1)
    torch.testing.assert_close(growth_of(setting, 6, 4), whole, rtol=1e-10, atol=1e-14)
    assert whole.std() > 1e-4


def test_looking_at_some_bars_at_a_time_changes_nothing(setting, monkeypatch):
    whole = growth_of(setting, 24, 1)
    monkeypatch.setattr(trading, "MOST_NUMBERS", 5 * 3 * 4 * 10)  # five bars of three portfolios
    torch.testing.assert_close(growth_of(setting, 24, 1), whole, rtol=1e-10, atol=1e-14)


def test_the_saved_policy_trades_the_kernel_as_it_was_trained(setting, market):
    """Three bars past the start in 32 bits: what is left of rounding is far below what is traded."""
    agent, environment, scaler, actor, _, _ = setting
    whole = growth_of(setting, 24, 1).numpy()
    layout = environment.layout(market)
    policy = NetworkPolicy(actor.float(), agent.network, layout, scaler)
    row = np.array([20, 33, 61])
    ledger = Ledger.open(3, market.assets, 1e6)
    simulator = environment.simulator(market, ledger=ledger, scenario=np.zeros(3, np.int64), row=row)
    observation = simulator.observe(np.zeros((3, layout.size), np.float32))
    state = policy.reset(3)
    for k in range(24):
        before = ledger.equity.copy()
        action = policy.act(observation, state)
        assert action.target_weights.dtype == np.float64 and (action.confidence == 1).all()
        state = action.state
        simulator.step(action.target_weights, observation)
        np.testing.assert_allclose(np.log(ledger.equity / before), whole[k], atol=1e-6)


def test_episodes_last_whole_windows_and_stay_inside_the_training_window(setting):
    _, _, _, actor, torched, _ = setting
    portfolios = portfolios_of(torched, actor, 7, batch=40, episode=24)
    assert portfolios.windows == 3 and set(portfolios.left) == {1, 2, 3}
    begun, seen = [], []
    fresh = torch.ones(40)
    for _ in range(60):
        assert torch.equal(portfolios.fresh.double(), fresh.double())
        assert TRAIN.start <= portfolios.row.min() and portfolios.row.max() + 7 < TRAIN.stop
        begun.append(portfolios.row[portfolios.fresh > 0].clone())
        seen.append(portfolios.row.clone())
        over = torch.as_tensor(portfolios.left == 1)
        before = portfolios.row.clone()
        ledger = portfolios.ledger._replace(cash=portfolios.ledger.cash + 1.0)
        portfolios.carry(ledger, portfolios.memory, portfolios.record)
        assert torch.equal(portfolios.row[~over], before[~over] + 7)
        assert (portfolios.ledger.cash[over] == 1e6).all() and (portfolios.ledger.cash[~over] > 1e6).all()
        fresh = over.double()
    started = torch.cat(begun)
    assert started.min() < 30 and started.max() > 110 and len(started.unique()) > 60


def test_a_portfolio_keeps_its_episodes_when_others_join(setting):
    _, _, _, actor, torched, _ = setting
    few, many = (portfolios_of(torched, actor, 8, batch=batch) for batch in (2, 5))
    for _ in range(12):
        assert torch.equal(few.row, many.row[:2])
        for portfolios in (few, many):
            portfolios.carry(portfolios.ledger, portfolios.memory, portfolios.record)
