"""One portfolio behind Gymnasium's interface, held against the VecEnv and arithmetic by hand."""

import gymnasium
import numpy as np
import pytest
from gym_batches import ACTIONS, BARS, FIRST, LAST, MARKET, SHORT, WINDOW, make, make_many, same
from gymnasium.error import ResetNeeded

from hand_market import HOUR, START, make_environment, make_market, margin_account


def play(env, *, seed, episodes=3):
    """Return everything that `episodes` episodes of random actions tell, the first one from `seed`."""
    env.action_space.seed(0)
    told = []
    for episode in range(episodes):
        observation, info = env.reset(seed=seed if episode == 0 else None)
        told.append((observation, 0.0, False, False, info))
        while not (told[-1][2] or told[-1][3]):
            told.append(env.step(env.action_space.sample()))
    return told


def test_same_seed_same_trajectory_other_seed_another():
    same(play(make(), seed=5), play(make(), seed=5))
    one, two = ([told[4]["row"] for told in play(make(), seed=seed)[:: BARS + 1]] for seed in (5, 6))
    assert len(set(one)) == 3 and one != two


def test_a_seed_starts_the_generator_of_gymnasium():
    env = make()
    _, info = env.reset(seed=7)
    assert info["row"] == gymnasium.utils.seeding.np_random(7)[0].integers(FIRST, LAST + 1)
    state = env.np_random.bit_generator.state
    env.step(env.action_space.sample())
    assert env.np_random.bit_generator.state == state, "only a start draws"


def test_every_start_that_fits_is_drawn_and_none_else():
    env = make()
    env.reset(seed=0)
    assert {env.reset()[1]["row"] for _ in range(600)} == set(range(FIRST, LAST + 1))


@pytest.mark.parametrize("action", [*ACTIONS, *SHORT])
def test_it_is_the_vec_env_with_one_portfolio_bit_for_bit(action):
    vec = make_environment(action, num_envs=1).vec_env(MARKET, WINDOW, 11)
    env = make(action=action)
    env.action_space.seed(1)
    expected = vec.reset()[0].copy()
    for _ in range(3):
        observation, info = env.reset(options={"row": int(vec.simulator.row[0])})
        over = False
        while not over:
            np.testing.assert_array_equal(observation, expected)
            assert info["equity"] == vec.simulator.ledger.equity[0]
            chosen = env.action_space.sample()
            observation, reward, terminated, truncated, info = env.step(chosen)
            many, rewards, dones, infos = vec.step(chosen[None])
            expected, over = many[0].copy(), bool(dones[0])
            assert np.float32(reward) == rewards[0] and (terminated or truncated) == over
            assert info["cost"] == vec.simulator.outcome.cost[0]
        np.testing.assert_array_equal(observation, infos[0]["terminal_observation"])
        assert truncated == infos[0]["TimeLimit.truncated"]


def test_ruin_terminates():
    closes = np.array([[100.0], [100.0], [100.0], [350.0], [350.0], [350.0], [350.0]])
    settings = {"market": make_market(closes, closes), "rows": slice(0, 7), "action": "delta_weights_short"}
    settings |= {"account": margin_account(maintenance_margin=0.0), "cost_bps": 0.0, "bars": 3}
    env = make(**settings)
    env.reset(options={"row": 0})
    for _ in range(2):
        *_, terminated, truncated, info = env.step([-1.0])
        assert not (terminated or truncated) and info["equity"] == 1e6
    *_, reward, terminated, truncated, info = env.step([-1.0])
    assert info["equity"] == pytest.approx(1e6 - 0.5 * 2.5e6) and reward < 0
    assert (terminated, truncated) == (True, False), "its last bar as well, but nothing was cut off"
    with pytest.raises(ResetNeeded):
        env.step([0.0])
    many = make_many(2, **settings)
    many.reset(options={"row": 0})
    for _ in range(3):
        _, _, terminations, truncations, infos = many.step([[-1.0], [0.0]])
    assert terminations.tolist() == [True, False] and truncations.tolist() == [False, True]
    assert infos["final_info"]["equity"][1] == 1e6 and infos["equity"].tolist() == [1e6, 1e6]


def test_an_episode_is_truncated_after_its_bars():
    env = make()
    _, info = env.reset(seed=1)
    row = info["row"]
    for step in range(1, BARS + 1):
        *_, terminated, truncated, info = env.step(np.ones(4, int))
        assert (terminated, truncated) == (False, step == BARS)
        assert info["row"] == row + step and info["timestamp"] == START + HOUR * (row + step)
    with pytest.raises(ResetNeeded, match="call reset"):
        env.step(np.ones(4, int))
    env.reset()
    env.step(np.ones(4, int))


def test_infos_tell_the_ledger():
    env = make(cost_bps=10.0)
    _, start = env.reset(options={"row": 40})
    assert start == {
        "equity": 1e6, "cash": 1e6, "cost": 0.0, "turnover": 0.0, "forced": False, "row": 40,
        "timestamp": START + 40 * HOUR,
    }  # fmt: skip
    *_, info = env.step([1, 0, 0, 0])
    shares = 0.25 * 1e6 / MARKET.close[0, 40, 0]
    notional = shares * MARKET.open[0, 41, 0]
    assert info["cost"] == pytest.approx(notional * 0.001, rel=1e-12)
    assert info["turnover"] == pytest.approx(notional / 1e6, rel=1e-12)
    assert info["cash"] == pytest.approx(1e6 - notional * 1.001, rel=1e-12)
    assert info["equity"] == pytest.approx(info["cash"] + shares * MARKET.close[0, 41, 0], rel=1e-12)


def test_observations_belong_to_the_caller():
    """What a caller keeps stays, and what a caller writes changes no decision."""
    kept, spoilt = make(), make()
    copies, originals = [], []
    for env in (kept, spoilt):
        env.action_space.seed(0)
        env.reset(seed=3)
    for _ in range(6):
        chosen = kept.action_space.sample()
        observation, *rest = kept.step(chosen)
        originals.append(observation)
        copies.append(observation.copy())
        other, *others = spoilt.step(chosen)
        assert rest == others
        other[:] = np.nan
    np.testing.assert_array_equal(originals, copies)
