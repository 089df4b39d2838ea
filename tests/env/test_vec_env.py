"""The training environment behind Stable-Baselines3's interface."""

from dataclasses import replace

import numpy as np
import pytest
from stable_baselines3.common.vec_env import VecEnv, VecMonitor, VecNormalize

from hand_market import make_environment, make_market, margin_account, random_market
from ploutos.execution.tape import read_only
from ploutos.types import ConfigError

MARKET = random_market(np.random.default_rng(3), rows=120)
WINDOW = slice(30, 90)
EPISODE = 16


def make(
    seed=0, *, window=WINDOW, num_envs=4, episode_bars=EPISODE, action="discrete", market=MARKET, **more
):
    environment = make_environment(action, num_envs=num_envs, episode_bars=episode_bars, **more)
    return environment.vec_env(market, window, seed)


def play(env, steps, seed=0):
    """Return start rows after each reset, and copies of every observation, reward and done."""
    rng = np.random.default_rng(seed)
    told = [(env.reset().copy(), np.zeros(env.num_envs, np.float32), np.zeros(env.num_envs, bool))]
    starts = [env.simulator.row.copy()]
    for _ in range(steps):
        actions = np.stack([rng.integers(0, 3, env.action_space.shape) for _ in range(env.num_envs)])
        observation, reward, done, _ = env.step(actions)
        told.append((observation.copy(), reward, done))
        if done.any():
            starts.append(env.simulator.row.copy())
    return np.array(starts), *(np.array(x) for x in zip(*told, strict=True))


def test_it_is_a_vec_env_that_wrappers_accept():
    env = VecNormalize(VecMonitor(make()))
    assert isinstance(env, VecEnv)
    observation = env.reset()
    assert observation.shape == (4, *env.observation_space.shape)
    for _ in range(EPISODE):
        observation, reward, done, infos = env.step(np.ones((4, 4), int))
    assert done.all() and reward.shape == (4,) and infos[0]["episode"]["l"] == EPISODE


@pytest.mark.parametrize("action", ["discrete", "target_weights"])
def test_shapes_types_and_spaces(action):
    env = make(action=action)
    observation = env.reset()
    assert observation.dtype == np.float32 and all(env.observation_space.contains(o) for o in observation)
    sampled = np.stack([env.action_space.sample() for _ in range(4)])
    observation, reward, done, infos = env.step(sampled)
    assert all(env.observation_space.contains(o) for o in observation) and np.isfinite(observation).all()
    assert reward.shape == (4,) and reward.dtype == np.float32
    assert done.dtype == bool and not done.any() and infos == [{}] * 4


def test_the_end_of_an_episode_is_a_truncation_with_its_last_observation():
    env = make(seed=5)
    env.reset()
    rows = env.simulator.row.copy()
    for _ in range(EPISODE - 1):
        _, _, done, _ = env.step(np.ones((4, 4), int))
        assert not done.any()
    holdings = env.simulator.ledger.copy()
    observation, _, done, infos = env.step(np.zeros((4, 4), int))
    assert done.all()
    features = env.simulator.layout.asset_column(np.stack([i["terminal_observation"] for i in infos]), "f0")
    np.testing.assert_array_equal(features, MARKET.features[0, rows + EPISODE, :, 0])
    for b, info in enumerate(infos):
        assert info["TimeLimit.truncated"] is True
        weight = env.simulator.layout.asset_column(info["terminal_observation"][None], "weight")[0]
        assert (weight > 0).tolist() == (holdings.shares[b] > 0).tolist()
    assert (env.simulator.layout.asset_column(observation, "weight") == 0).all()
    assert (env.simulator.ledger.cash == 1_000_000.0).all()
    np.testing.assert_array_equal(
        env.simulator.layout.asset_column(observation, "f0"), MARKET.features[0, env.simulator.row, :, 0]
    )


def test_an_observation_lives_until_the_second_next_step():
    env = make()
    first = env.reset()
    kept = first.copy()
    second, *_ = env.step(np.ones((4, 4), int))
    assert (first == kept).all() and not np.shares_memory(first, second)
    third, *_ = env.step(np.ones((4, 4), int))
    assert np.shares_memory(first, third)


def test_same_seed_same_episodes_other_seed_others():
    one, two, other = (play(make(seed), 3 * EPISODE) for seed in (1, 1, 2))
    assert all((a == b).all() for a, b in zip(one, two, strict=True))
    assert (one[0] != other[0]).any()


def test_parallel_portfolios_run_different_episodes():
    """Trap 14."""
    starts, *_ = play(make(num_envs=16), 3 * EPISODE)
    assert all(len(set(at)) > 6 for at in starts)
    assert len({tuple(path) for path in starts.T}) == 16


def test_a_portfolio_keeps_its_episodes_when_others_join():
    few, many = make(9, num_envs=2), make(9, num_envs=8)
    few.reset(), many.reset()
    assert (few.simulator.row == many.simulator.row[:2]).all()


def test_episodes_fills_and_marks_stay_inside_the_window():
    """Trap 1: rows are the window's own, and every start that fits is drawn."""
    env = make(num_envs=32)
    starts, *_ = play(env, 12 * EPISODE)
    assert starts.min() == WINDOW.start and starts.max() + EPISODE == WINDOW.stop - 1


def test_nothing_outside_the_window_matters():
    rng = np.random.default_rng(0)
    outside = np.r_[0 : WINDOW.start, WINDOW.stop : 120]
    features, prices = MARKET.features.copy(), MARKET.tape.prices.copy()
    for values in (features, prices):
        values[:, outside] = rng.uniform(1, 9, values[:, outside].shape)
    tape = MARKET.tape._replace(prices=read_only(prices))
    other = replace(MARKET, features=read_only(features), tape=tape)
    one, two = play(make(4), 4 * EPISODE), play(make(4, market=other), 4 * EPISODE)
    assert all((a == b).all() for a, b in zip(one, two, strict=True))


def test_two_windows_give_different_episodes():
    one, _, _, _ = play(make(window=slice(0, 50)), EPISODE)
    two, _, _, _ = play(make(window=slice(60, 110)), EPISODE)
    assert one.max() < 50 <= 60 <= two.min()


def test_a_window_of_exactly_one_episode_has_one_start():
    env = make(window=slice(40, 40 + EPISODE + 1))
    env.reset()
    assert (env.simulator.row == 40).all()


def test_a_window_shorter_than_an_episode_is_refused():
    with pytest.raises(ConfigError, match=r"env.episode_bars: 16 does not fit .* 16 bars \(at most 15\)"):
        make(window=slice(40, 40 + EPISODE))


def test_attributes_belong_to_all_portfolios():
    env = make()
    assert env.get_attr("render_mode") == [None] * 4 and env.get_attr("initial_capital", 0) == [1_000_000.0]
    assert env.env_is_wrapped(VecMonitor, [0, 1]) == [False, False]
    with pytest.raises(AttributeError):
        env.set_attr("initial_capital", 3)
    with pytest.raises(AttributeError):
        env.env_method("reset")
    env.close()


def test_seed_takes_effect_at_the_next_reset():
    """Trap 14."""
    env, other = make(1), make(7)
    env.reset()
    assert env.seed(7) == [7] * 4
    first, second = env.reset(), other.reset()
    assert (first == second).all() and (env.simulator.row == other.simulator.row).all()


def test_neighbouring_seeds_share_no_episodes():
    one, two = play(make(1, num_envs=8), EPISODE)[0], play(make(2, num_envs=8), EPISODE)[0]
    shared = [tuple(a) == tuple(b) for a in one.T for b in two.T]
    assert sum(shared) <= 2


def test_a_restored_environment_goes_on_bit_for_bit():
    rng = np.random.default_rng(0)
    actions = rng.integers(0, 3, (3 * EPISODE, 4, 4))
    env, other = make(3), make(99)
    env.reset(), other.reset()
    for action in actions[: EPISODE + 5]:
        env.step(action)
    seen = other.load_state_dict(env.state_dict())
    assert (seen == env.batch.seen).all()
    for action in actions[EPISODE + 5 :]:
        for one, two in zip(env.step(action)[:3], other.step(action)[:3], strict=True):
            assert (one == two).all()


def test_ruin_ends_an_episode_without_truncation():
    market = make_market([[10.0]] * 30, [[10.0]] * 5 + [[1e-9]] * 25)
    environment = make_environment(
        "target_weights", num_envs=1, episode_bars=20, account=margin_account(max_gross_leverage=3.0)
    )
    environment.action.target_weights = lambda value, **_: np.full((1, 1), 3.0)
    env = environment.vec_env(market, slice(0, 30), 0)
    env.reset()
    env.simulator.row[:] = 0
    for _ in range(5):
        _, reward, done, infos = env.step(np.zeros((1, 2), np.float32))
    assert done[0] and infos[0]["TimeLimit.truncated"] is False and np.isfinite(reward).all()
    assert env.simulator.ledger.equity[0] == 1_000_000.0


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_do_not_change_results(threads):
    one, many = make(4, num_envs=7), make(4, num_envs=7, threads=threads)
    assert all((a == b).all() for a, b in zip(play(one, 40), play(many, 40), strict=True))
