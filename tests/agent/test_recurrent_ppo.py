"""Training: reproducible, blind outside its window, and able to learn what is there to learn."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from hand_market import ALONE, make_environment, make_market
from ploutos.agent.equal_weight import EqualWeight
from ploutos.backtest.out_of_sample import OutOfSample
from ploutos.execution.tape import read_only
from ploutos.types import ConfigError
from ploutos.types.monitor import Silent

TRAIN = slice(20, 120)


def weights(agent, market, seed, action="discrete"):
    environment = make_environment(action, num_envs=4, episode_bars=24)
    policy = agent().fit(environment, market, TRAIN, seed=seed, monitor=Silent(), **ALONE)
    return policy.network.state_dict()


@pytest.mark.parametrize("action", ["discrete", "discrete_short", "target_weights", "delta_weights_short"])
def test_same_seed_same_weights_other_seed_others(agent, market, action):
    """Trap 14."""
    one, two, other = (weights(agent, market, seed, action) for seed in (0, 0, 1))
    assert all(torch.equal(one[name], two[name]) for name in one)
    learned = [name for name in one if not name.endswith(("center", "scale"))]
    assert any(not torch.equal(one[name], other[name]) for name in learned)


def test_a_training_lets_its_threads_go(agent, market):
    before = threading.active_count()
    environment = make_environment("discrete", num_envs=4, episode_bars=24, threads=2)
    agent(total_steps=64).fit(environment, market, TRAIN, seed=0, monitor=Silent(), **ALONE)
    assert threading.active_count() == before


def test_training_changes_the_weights_and_keeps_them_finite(agent, market):
    short, long = (weights(lambda n=n: agent(total_steps=n), market, 0) for n in (64, 512))
    assert any(not torch.equal(short[name], long[name]) for name in short)
    assert all(torch.isfinite(w).all() for w in long.values())


def test_nothing_outside_the_training_window_is_read(agent, market):
    """Trap 13: scaler and training see the window's rows alone."""
    features, prices = np.array(market.features), np.array(market.tape.prices)
    macro = np.array(market.macro)
    for values in (features, prices):
        values[:, : TRAIN.start] = values[:, TRAIN.stop :] = 7.0
    macro[: TRAIN.start] = macro[TRAIN.stop :] = 3.0
    other = replace(
        market,
        features=read_only(features),
        macro=read_only(macro),
        tape=market.tape._replace(prices=read_only(prices)),
    )
    one, two = weights(agent, market, 0), weights(agent, other, 0)
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_progress_and_curves_reach_the_monitor(agent, market):
    class Told:
        def __init__(self):
            self.steps, self.named = [], set()

        def progress(self, done, total):
            self.steps.append((done, total))

        def curves(self, values, step):
            self.named |= set(values)

        def outcome(self, figures):
            self.ended = figures

    told = Told()
    environment = make_environment("discrete", num_envs=4, episode_bars=8)
    agent(total_steps=192).fit(environment, market, TRAIN, seed=0, monitor=told, **ALONE)
    assert told.steps[-1] == (192, 192) and [d for d, _ in told.steps] == sorted(d for d, _ in told.steps)
    assert {"train/loss", "train/approx_kl", "rollout/ep_rew_mean"} <= told.named


def test_a_batch_that_does_not_divide_the_rollout_is_refused(agent, market):
    environment = make_environment("discrete", num_envs=4)
    with pytest.raises(ConfigError, match=r"batch_size: 60 .* = 64 \(nearest below that does: 32\)"):
        agent(batch_size=60).check(environment, market)
    agent(batch_size=64).check(environment, market)


def planted(rows=400, assets=4, seed=0, signs=(-1.0, 1.0)):
    """A market whose only feature is the sign of the next bar's return: 2 % between open and close."""
    rng = np.random.default_rng(seed)
    up = rng.choice(signs, (rows + 1, assets))
    closes = 50 * np.exp(np.cumsum(0.02 * up[:-1], axis=0))
    opens = np.concatenate([closes[:1], closes[:-1]])
    return make_market(opens, closes, features=up[1:, :, None])


def quick_learner(agent):
    return agent(total_steps=8192, n_steps=32, batch_size=256, n_epochs=4, learning_rate=1e-2, gamma=0.5)


@pytest.mark.parametrize("action", ["discrete", "target_weights", "delta_weights"])
def test_it_learns_the_obvious(agent, action):
    market = planted()
    environment = make_environment(action, num_envs=16, episode_bars=32, cost_bps=1.0)
    made = quick_learner(agent)
    train = slice(0, 400)
    policy = made.fit(environment, market, train, seed=0, monitor=Silent(), **ALONE)
    baseline = EqualWeight(rebalance_bars=1).fit(
        environment, market, train, seed=0, monitor=Silent(), **ALONE
    )
    ends = [
        OutOfSample(capital=1e6).single(p, environment, market, slice(1, 400), fold=0).bars["equity"][-1]
        for p in (policy, baseline)
    ]
    assert ends[0] > 3 * max(ends[1], 1e6)


@pytest.mark.parametrize("action", ["discrete_short", "target_weights_short", "delta_weights_short"])
def test_it_learns_to_sell_short(agent, action):
    """Prices fall or rest: nothing is earned but by short positions."""
    market = planted(signs=(-1.0, 0.0))
    environment = make_environment(action, num_envs=16, episode_bars=32, cost_bps=1.0)
    policy = quick_learner(agent).fit(environment, market, slice(0, 400), seed=0, monitor=Silent(), **ALONE)
    track = OutOfSample(capital=1e6).single(policy, environment, market, slice(1, 400), fold=0)
    assert track.bars["equity"][-1] > 3 * 1e6
    assert (track.positions["shares"] < 0).mean() > 0.3
