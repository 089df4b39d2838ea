"""A long test window, played in stretches side by side, gives the figures of one portfolio."""

import numpy as np
import pytest

from benchmarks.learning import testing
from climbing.climber import Linear
from hand_market import ALONE, make_environment, random_market
from ploutos.agent.equal_weight import EqualWeight
from ploutos.agent.stopping.evaluation import equity_path, evaluate, figures_of
from ploutos.types.monitor import Silent

ROWS = slice(250, 1450)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(testing, "LEAST_BARS", 200)
    monkeypatch.setattr(testing, "LEAD_BARS", 200)


@pytest.fixture(scope="module")
def market():
    return random_market(np.random.default_rng(5), rows=1500, assets=4, features=2)


def test_as_many_stretches_as_divide_the_window():
    assert testing.stretches_of(ROWS) == 6
    assert testing.stretches_of(slice(0, 1201)) == 1
    assert testing.stretches_of(slice(0, 150)) == 1


@pytest.mark.parametrize("kind", ["rule", "network"])
def test_the_figures_are_those_of_one_portfolio(market, kind):
    import torch

    environment = make_environment("target_weights")
    if kind == "rule":
        agent = EqualWeight(rebalance_bars=1)
        policy = agent.fit(environment, market, slice(0, 0), seed=0, monitor=Silent(), **ALONE)
    else:
        torch.manual_seed(0)
        policy = Linear(torch.nn.Linear(2, 1), environment.action, environment.layout(market))
    found = testing.tested(policy, environment, market, ROWS)
    lead = slice(ROWS.start - 200, ROWS.stop)
    alone = figures_of(equity_path(policy, environment, market, lead)[200:], market, ROWS)
    assert found["sharpe"] == pytest.approx(alone["sharpe"], abs=1e-4)
    assert found["log_growth"] == pytest.approx(alone["log_growth"], abs=1e-5)


def test_a_window_without_room_for_the_lead_is_played_by_one(market):
    environment = make_environment("target_weights")
    agent = EqualWeight(rebalance_bars=1)
    policy = agent.fit(environment, market, slice(0, 0), seed=0, monitor=Silent(), **ALONE)
    rows = slice(100, 1300)
    assert testing.tested(policy, environment, market, rows) == evaluate(policy, environment, market, rows)
