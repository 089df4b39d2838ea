"""What is learned holds on bars that were not trained on, and nothing is learned where nothing is."""

import numpy as np
import pytest
import torch
from small_learners import NETWORKS, agent_of, fitted, planted

from hand_market import make_environment
from ploutos.agent.equal_weight import EqualWeight
from ploutos.agent.schedule.cosine_warmup import CosineWarmup
from ploutos.agent.stopping.evaluation import equity_path
from ploutos.agent.utility.drawdown_penalised import DrawdownPenalised
from ploutos.agent.utility.log_return import LogReturn
from ploutos.agent.utility.sharpe import Sharpe

TRAIN, TEST = slice(10, 3000), slice(3000, 5000)
ENVIRONMENT = make_environment("target_weights", cost_bps=5.0, episode_bars=128)
UTILITIES = {
    "log_return": LogReturn(),
    "sharpe": Sharpe(volatility_floor=1e-4),
    "drawdown_penalised": DrawdownPenalised(penalty=0.2),
}
SCHEDULE = CosineWarmup(warmup=0.1, final=0.0)


def edge(market, utility, **changed):
    """Return the t-statistic of the difference of log returns to equal weight out of sample."""
    settings = {
        "utility": utility,
        "schedule": SCHEDULE,
        "portfolios": 64,
        "window_bars": 32,
        "total_steps": 64 * 32 * 40,
    }
    policy = fitted(agent_of(**settings | changed), ENVIRONMENT, market, train=TRAIN)
    equal = fitted(EqualWeight(rebalance_bars=1), ENVIRONMENT, market, train=TRAIN)
    growth = [np.diff(np.log(equity_path(p, ENVIRONMENT, market, TEST))) for p in (policy, equal)]
    difference = growth[0] - growth[1]
    return difference.mean() / difference.std() * np.sqrt(len(difference))


@pytest.mark.parametrize("utility", UTILITIES)
def test_it_beats_equal_weight_where_a_feature_tells_who_will_rise(utility):
    assert edge(planted(0, rows=5000), UTILITIES[utility]) > 5.0


def test_so_it_does_through_its_view_of_the_portfolio_and_a_memory():
    market = planted(1, rows=5000)
    assert edge(market, LogReturn(), network=NETWORKS["cross_sectional_lstm"], sees_portfolio=True) > 5.0


def test_it_does_not_where_nothing_tells():
    assert edge(planted(2, rows=5000, strength=0.0), LogReturn()) < 2.0


@pytest.mark.parametrize("name", ["cross_sectional_mlp", "cross_sectional_lstm", "set_attention"])
@pytest.mark.parametrize("seed", [3, 4, 5])
def test_of_a_product_of_two_features_it_learns_all_quadrants(name, seed):
    # A policy that holds the assets of one good quadrant has next to no gradient from those of the other.
    market = planted(seed, rows=5000, product=True, strength=0.3)
    settings = {"portfolios": 64, "window_bars": 32, "total_steps": 64 * 32 * 60, "schedule": SCHEDULE}
    agent = agent_of(network=NETWORKS[name], **settings)
    actor = fitted(agent, ENVIRONMENT, market, train=TRAIN, seed=seed).network
    features, member = torch.zeros(1, 1, 8, 2), torch.ones(1, 1, 8)
    features[0, 0, :4] = torch.tensor([[2.0, 2.0], [-2.0, -2.0], [2.0, -2.0], [-2.0, 2.0]])
    state = actor.perception.initial_state(1)
    seen, _ = actor.perception(features, member, torch.zeros(1, 1, 0), torch.ones(1, 1), state)
    aim = actor.plan(actor.prepare(seen), None).aim[0, 0]
    assert aim[:2].min() > 2 * aim[2:4].max(), aim
