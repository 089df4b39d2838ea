"""Many portfolios behind Gymnasium's interface, and observations by name."""

import numpy as np
import pytest
from gym_batches import ACTIONS, BARS, batch, make, make_many
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from hand_market import make_market
from ploutos.env.dict_observation import DictObservation, DictVectorObservation
from ploutos.env.gym_vector_env import TradingVectorEnv
from ploutos.types import ConfigError


@pytest.mark.parametrize("action", ACTIONS)
def test_many_portfolios_are_as_many_environments_bit_for_bit(action):
    many = make_many(5, action=action)
    single = SyncVectorEnv([lambda: make(action=action)] * 5, autoreset_mode=AutoresetMode.SAME_STEP)
    assert many.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    for space in ("observation_space", "action_space", "single_observation_space", "single_action_space"):
        assert getattr(many, space) == getattr(single, space)
    many.action_space.seed(2)
    told, expected = many.reset(seed=4), single.reset(seed=4)
    for _ in range(3 * BARS):
        equal_deep(told, expected)
        assert many.observation_space.contains(told[0])
        actions = many.action_space.sample()
        told, expected = many.step(actions), single.step(actions)
    assert many.np_random_seed == single.np_random_seed == (4, 5, 6, 7, 8)


def equal_deep(one, two):
    assert type(one) is type(two)
    if isinstance(one, dict):
        assert one.keys() == two.keys()
        pairs = [(one[key], two[key]) for key in one]
    elif isinstance(one, tuple) or (isinstance(one, np.ndarray) and one.dtype == object):
        pairs = list(zip(one, two, strict=True))
    else:
        if isinstance(one, np.ndarray):
            assert one.dtype == two.dtype
        return np.testing.assert_array_equal(one, two)
    for pair in pairs:
        equal_deep(*pair)
    return None


def test_the_vector_environment_gives_copies_unless_told_otherwise():
    for copy in (True, False):
        many = TradingVectorEnv(batch(2), copy=copy)
        seen = [many.reset(seed=0)[0], *(many.step(np.ones((2, 4), int))[0] for _ in range(2))]
        assert np.shares_memory(seen[0], seen[2]) is not copy and not np.shares_memory(seen[0], seen[1])


def test_seeds_of_many_portfolios():
    many = make_many(3)
    rows = many.reset(seed=[8, 9, 10])[1]["row"]
    assert rows.tolist() == [make().reset(seed=seed)[1]["row"] for seed in (8, 9, 10)]
    again = many.reset(seed=[8, None, 10])[1]["row"]
    assert (again[[0, 2]] == rows[[0, 2]]).all()
    assert (many.reset(seed=8)[1]["row"] == rows).all()
    with pytest.raises(ConfigError, match="reset seed: 2 seeds for 3 portfolios"):
        many.reset(seed=[1, 2])
    unseeded = {tuple(make_many(3).reset()[1]["row"]) for _ in range(8)}
    assert len(unseeded) > 1


def test_parts_by_name_are_the_layouts_columns():
    env = make()
    view, layout = DictObservation(make()), env.layout
    env.reset(seed=2), view.reset(seed=2)
    for _ in range(4):
        chosen = env.action_space.sample()
        flat, parts = env.step(chosen)[0], view.step(chosen)[0]
        assert view.observation_space.contains(parts)
        for name in layout.asset_columns:
            column = parts["features"][:, layout.feature_names.index(name)] if name[0] == "f" else parts[name]
            np.testing.assert_array_equal(column, layout.asset_column(flat[None], name)[0])
        for name in ("cash_weight", "drawdown", "leverage"):
            assert parts[name].tolist() == [layout.portfolio_state(flat[None], name)[0]]
        np.testing.assert_array_equal(parts["macro"], layout.macro(flat[None])[0])
        assert sum(part.size for part in parts.values()) == layout.size


def test_a_market_without_macro_columns_has_no_such_part():
    market = make_market(np.full((40, 2), 9.0), np.full((40, 2), 9.0))
    view = DictObservation(make(market=market, rows=slice(0, 40)))
    observation, _ = view.reset(seed=0)
    assert "macro" not in view.observation_space.spaces and "macro" not in observation


def test_many_portfolios_by_name():
    flat, view = (make_many(3) for _ in range(2))
    view = DictVectorObservation(view)
    one, _ = flat.reset(seed=0)
    parts, _ = view.reset(seed=0)
    for _ in range(BARS):
        assert view.observation_space.contains(parts)
        np.testing.assert_array_equal(parts["weight"], flat.layout.asset_column(one, "weight"))
        actions = flat.action_space.sample()
        (one, *_, infos), (parts, *_, named) = flat.step(actions), view.step(actions)
    for last, parts in zip(infos["final_obs"], named["final_obs"], strict=True):
        assert view.single_observation_space.contains(parts)
        np.testing.assert_array_equal(parts["weight"], flat.layout.asset_column(last[None], "weight")[0])
