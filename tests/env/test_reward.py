"""What a policy is paid, against its profit."""

import numpy as np
import pytest

from hand_market import make_environment, make_market, random_market
from ploutos.env.reward.log_return import LogReturn

EPISODE = 20
MARKET = random_market(np.random.default_rng(8), rows=80)


class Recorded(LogReturn):
    """Keeps the equity that it paid for: when an episode ends, the ledger has already started the next."""

    def __call__(self, equity_t, equity_tp1):
        self.equity = equity_tp1.copy()
        return super().__call__(equity_t, equity_tp1)


def episode(choose, *, seed=0, scale=100.0):
    """Return the sum of rewards [3] and final equity [3] of one episode under `choose(step) -> actions`."""
    environment = make_environment("discrete", num_envs=3, episode_bars=EPISODE)
    environment.reward = Recorded(scale=scale)
    env = environment.vec_env(MARKET, slice(0, len(MARKET.ts)), seed)
    env.reset()
    total = np.zeros(3)
    for step in range(EPISODE):
        _, reward, done, infos = env.step(choose(step))
        total += reward
    assert done.all()
    assert [info["episode"]["r"] for info in infos] == pytest.approx(total)
    return total, environment.reward.equity


def test_rewards_add_up_to_the_log_of_the_profit():
    rng = np.random.default_rng(1)
    total, equity = episode(lambda _: rng.integers(0, 3, (3, 4)))
    assert total == pytest.approx(100 * np.log(equity / 1_000_000), rel=1e-4, abs=1e-3)


@pytest.mark.parametrize("choice", [0, 2])
def test_cash_earns_exactly_zero(choice):
    total, equity = episode(lambda _: np.full((3, 4), choice))
    assert (total == 0).all() and (equity == 1_000_000).all()


def test_doing_nothing_after_a_winning_trade_earns_nothing():
    """Trap 3: buy at the first bar, sell at the second, then idle."""
    market = make_market(np.full((40, 4), 10.0), np.full((40, 4), 10.0) + (np.arange(40) % 2)[:, None])
    environment = make_environment("discrete", num_envs=3, episode_bars=EPISODE)
    env = environment.vec_env(market, slice(0, 40), 0)
    env.reset()
    env.step(np.full((3, 4), 1))
    env.step(np.full((3, 4), 2))
    idle = [env.step(np.full((3, 4), 0))[1] for _ in range(EPISODE - 3)]
    assert not np.any(idle)


def test_reward_ranks_as_net_profit_does():
    rng = np.random.default_rng(5)
    results = [episode(lambda _: rng.integers(0, 3, (3, 4)), seed=s) for s in range(8)]
    total, equity = (np.concatenate(x) for x in zip(*results, strict=True))
    assert (np.argsort(total) == np.argsort(equity)).all()


def test_the_scale_only_scales():
    one, _ = episode(lambda _: np.ones((3, 4), int), scale=1.0)
    hundred, _ = episode(lambda _: np.ones((3, 4), int), scale=100.0)
    assert hundred == pytest.approx(100 * one, rel=1e-5)


def test_losing_everything_is_paid_with_a_finite_number():
    reward = LogReturn(scale=1.0)(np.array([100.0, 0.0, 100.0]), np.array([0.0, 0.0, 50.0]))
    assert reward == pytest.approx([np.log(1e-6), 0.0, np.log(0.5)], rel=1e-6)
