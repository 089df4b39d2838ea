"""Moves by hand; what is taken out of rewards, and what stays."""

import numpy as np
import pytest

from hand_market import make_environment, make_market
from ploutos.agent.proximal.market_baseline import MarketBaseline, less_the_market, market_moves


def test_moves_by_hand():
    """Two names; the second is no member at first, is split 10:1 then, and ends."""
    closes = np.array([[100.0, 10.0], [101.0, 20.0], [99.0, 2.0], [100.0, 2.0], [50.0, np.nan]])
    member = np.array([[True, False], [True, True], [True, True], [True, True], [False, False]])
    market = make_market(closes, closes, member=member)
    one = np.log([1.01, 99 / 101, 100 / 99, 0.5]).clip(-0.2, 0.2)
    wanted = [one[0], (one[1] - 0.2) / 2, (one[2] + 0.0) / 2, one[3], 0.0]
    np.testing.assert_allclose(market_moves(market)[0], wanted, atol=1e-12)


def test_each_portfolio_gets_the_move_of_its_own_next_bar():
    rng = np.random.default_rng(0)
    closes = 100 * np.exp(np.cumsum(rng.normal(0, 0.01, (60, 3)), axis=0))
    market = make_market(closes, closes)
    env = make_environment("target_weights", num_envs=4, episode_bars=7).vec_env(market, slice(0, 60), 0)
    baseline = MarketBaseline(env.simulator)
    env.reset()
    for _ in range(20):
        row = env.simulator.row.copy()
        wanted = np.log(closes[row + 1] / closes[row]).mean(axis=1)
        np.testing.assert_allclose(baseline.now(), wanted, atol=1e-12)
        env.step(np.zeros((4, 4), np.float32))


def test_nothing_of_the_market_is_left_in_rewards_and_their_mean_stays():
    rng = np.random.default_rng(1)
    moves = rng.normal(0.001, 0.01, (50, 8))
    own = rng.normal(0, 0.1, moves.shape)
    rewards = (80.0 * moves + own).astype(np.float32)
    left = less_the_market(rewards, moves)
    assert np.corrcoef(left.ravel(), moves.ravel())[0, 1] == pytest.approx(0.0, abs=1e-5)
    assert left.mean() == pytest.approx(rewards.mean(), abs=1e-6)
    assert left.std() < 0.2 * rewards.std()
    np.testing.assert_allclose(left - left.mean(), own - own.mean(), atol=0.05)


def test_a_market_that_does_not_move_leaves_rewards_alone():
    rewards = np.ones((3, 2), np.float32)
    assert less_the_market(rewards, np.zeros((3, 2))) is rewards
