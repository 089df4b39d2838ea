"""What the environment pays a policy, against its profit."""

import numpy as np
import pytest
from reward_paths import REWARDS

from hand_market import make_environment, make_market, random_market
from ploutos.env.reward.log_return import LogReturn

EPISODE = 20
MARKET = random_market(np.random.default_rng(8), rows=80)


class Recorded:
    """Keeps the equity that `inner` paid for: at an episode's end the ledger has already started the next."""

    def __init__(self, inner):
        self.inner = inner
        self.start = inner.start

    def __call__(self, bar, state):
        self.equity = bar.equity_tp1.copy()
        return self.inner(bar, state)


def episode(choose, *, seed=0, reward=None, market=MARKET, cost_bps=5.0):
    """Return the sum of rewards [3] and final equity [3] of one episode under `choose(step) -> actions`."""
    recorded = Recorded(reward or LogReturn(scale=100.0))
    environment = make_environment(
        "discrete", num_envs=3, episode_bars=EPISODE, reward=recorded, cost_bps=cost_bps
    )
    env = environment.vec_env(market, slice(0, len(market.ts)), seed)
    env.reset()
    total = np.zeros(3)
    for step in range(EPISODE):
        _, pay, done, infos = env.step(choose(step))
        total += pay
    assert done.all()
    assert [info["episode"]["r"] for info in infos] == pytest.approx(total, rel=1e-4, abs=1e-4)
    return total, recorded.equity


def test_rewards_add_up_to_the_log_of_the_profit():
    rng = np.random.default_rng(1)
    total, equity = episode(lambda _: rng.integers(0, 3, (3, 4)))
    assert total == pytest.approx(100 * np.log(equity / 1_000_000), rel=1e-4, abs=1e-3)


@pytest.mark.parametrize("name", REWARDS)
@pytest.mark.parametrize("choice", [0, 2])
def test_cash_earns_exactly_zero(name, choice):
    total, equity = episode(lambda _: np.full((3, 4), choice), reward=REWARDS[name])
    assert (total == 0).all() and (equity == 1_000_000).all()


@pytest.mark.parametrize("name", REWARDS)
def test_doing_nothing_after_a_winning_trade_earns_nothing(name):
    """Trap 3: buy at the first bar, sell at the second, then idle."""
    market = make_market(np.full((40, 4), 10.0), np.full((40, 4), 10.0) + (np.arange(40) % 2)[:, None])
    environment = make_environment("discrete", num_envs=3, episode_bars=EPISODE, reward=REWARDS[name])
    env = environment.vec_env(market, slice(0, 40), 0)
    env.reset()
    env.step(np.full((3, 4), 1))
    env.step(np.full((3, 4), 2))
    idle = np.array([env.step(np.full((3, 4), 0))[1] for _ in range(EPISODE - 3)])
    assert (idle <= 0).all()
    if name in ("log_return", "drawdown_penalised"):
        assert not idle.any()


@pytest.mark.parametrize("name", REWARDS)
def test_churning_at_flat_prices_earns_less_than_nothing(name):
    flat = make_market(np.full((40, 4), 10.0), np.full((40, 4), 10.0))
    total, equity = episode(lambda t: np.full((3, 4), 1 + t % 2), reward=REWARDS[name], market=flat)
    assert (equity < 1_000_000).all() and (total < 0).all()
    total, equity = episode(
        lambda t: np.full((3, 4), 1 + t % 2), reward=REWARDS[name], market=flat, cost_bps=0
    )
    assert (equity == 1_000_000).all() and (total <= 0).all()


def test_reward_ranks_as_net_profit_does():
    rng = np.random.default_rng(5)
    results = [episode(lambda _: rng.integers(0, 3, (3, 4)), seed=s) for s in range(8)]
    total, equity = (np.concatenate(x) for x in zip(*results, strict=True))
    assert (np.argsort(total) == np.argsort(equity)).all()


def test_the_scale_only_scales():
    one, _ = episode(lambda _: np.ones((3, 4), int), reward=LogReturn(scale=1.0))
    hundred, _ = episode(lambda _: np.ones((3, 4), int))
    assert hundred == pytest.approx(100 * one, rel=1e-5)
