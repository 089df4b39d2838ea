"""A saved policy is complete, safe to load, and refuses another market."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest
import torch

from hand_market import ALONE, make_environment
from ploutos.backtest.out_of_sample import OutOfSample
from ploutos.types import ConfigError, DataError
from ploutos.types.monitor import Silent

TRAIN, TEST = slice(0, 110), slice(110, 160)


@pytest.fixture(
    params=["discrete", "discrete_short", "target_weights", "target_weights_short", "delta_weights"]
)
def trained(request, agent, market):
    environment = make_environment(request.param, num_envs=4, episode_bars=24)
    made = agent(total_steps=64)
    return made, environment, made.fit(environment, market, TRAIN, seed=3, monitor=Silent(), **ALONE)


def backtest(policy, environment, market):
    return OutOfSample(capital=1e6).single(policy, environment, market, TEST, fold=0)


def test_a_round_trip_acts_the_same_to_the_last_bit(trained, market, tmp_path):
    agent, environment, policy = trained
    policy.save(tmp_path)
    again = agent.load(tmp_path, environment, market)
    layout = environment.layout(market)
    observation = np.random.default_rng(0).normal(size=(3, layout.size)).astype(np.float32)
    layout.asset_column(observation, "member")[:] = 1
    layout.asset_column(observation, "holding_bars")[:] = 3
    state, state2 = policy.reset(3), again.reset(3)
    for _ in range(4):
        one, two = policy.act(observation, state), again.act(observation, state2)
        state, state2 = one.state, two.state
        for name in ("value", "target_weights", "confidence"):
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
        assert torch.equal(state, state2)
    one, two = (backtest(p, environment, market) for p in (policy, again))
    assert one.bars.equals(two.bars) and one.positions.equals(two.positions)


def test_confidence_lies_in_0_1(trained, market):
    _, environment, policy = trained
    confidence = backtest(policy, environment, market).positions["confidence"].drop_nulls()
    assert confidence.is_between(0, 1).all()


def test_another_market_is_refused_naming_the_first_difference(trained, market, tmp_path):
    agent, environment, policy = trained
    policy.save(tmp_path)
    crossed = replace(market, feature_names=("f0", "f2", "f1"))
    with pytest.raises(ConfigError, match="feature_names: position 1 is 'f2' in the panel, 'f1' in the pol"):
        agent.load(tmp_path, environment, crossed)
    renamed = replace(market, macro_names=("m0", "other"))
    with pytest.raises(ConfigError, match="macro_names: position 1 is 'other'"):
        agent.load(tmp_path, environment, renamed)


class Payload:
    """Unpickling this would run a command."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.system, (f"touch {self.path}",))


def test_a_pickle_among_the_weights_is_refused_and_not_run(trained, market, tmp_path):
    agent, environment, policy = trained
    policy.save(tmp_path)
    mark = tmp_path / "executed"
    torch.save({"weights": Payload(mark)}, tmp_path / "weights.pt")
    with pytest.raises(DataError, match=r"weights\.pt: cannot be loaded") as refused:
        agent.load(tmp_path, environment, market)
    assert "\n" not in str(refused.value) and not mark.exists()


def test_the_saved_files_hold_only_tensors_and_json(trained, tmp_path):
    trained[2].save(tmp_path)
    assert {f.name for f in tmp_path.iterdir()} == {"weights.pt", "policy.json"}
    weights = torch.load(tmp_path / "weights.pt", weights_only=True)
    assert all(isinstance(w, torch.Tensor) for w in weights.values())
    about = json.loads((tmp_path / "policy.json").read_text())
    assert about["layout"]["feature_names"] == ["f0", "f1", "f2"]
    assert len(about["scaler"]["center"]) == 3


def damage_nothing_there(folder):
    (folder / "policy.json").unlink()


def damage_json(folder):
    (folder / "policy.json").write_text("{")


def damage_list(folder):
    (folder / "policy.json").write_text("[]")


def damage_no_layout(folder):
    saved = json.loads((folder / "policy.json").read_text())
    del saved["layout"]
    (folder / "policy.json").write_text(json.dumps(saved))


def damage_no_weights(folder):
    (folder / "weights.pt").unlink()


def damage_half(folder):
    content = (folder / "weights.pt").read_bytes()
    (folder / "weights.pt").write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize(
    "damage",
    [damage_nothing_there, damage_json, damage_list, damage_no_layout, damage_no_weights, damage_half],
)
def test_a_damaged_policy_is_one_line_that_names_the_folder(agent, market, tmp_path, damage):
    environment = make_environment("discrete", num_envs=4, episode_bars=24)
    made = agent(total_steps=64)
    made.fit(environment, market, TRAIN, seed=0, monitor=Silent(), **ALONE).save(tmp_path)
    damage(tmp_path)
    with pytest.raises(DataError, match=str(tmp_path)) as refused:
        made.load(tmp_path, environment, market)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("trained_in", "loaded_in"),
    [
        ("discrete", "target_weights"),
        ("discrete", "discrete_short"),
        ("target_weights", "delta_weights"),
        ("delta_weights", "target_weights"),
    ],
)
def test_weights_of_another_action_space_are_refused(agent, market, tmp_path, trained_in, loaded_in):
    made = agent(total_steps=64)
    made.fit(make_environment(trained_in, num_envs=4), market, TRAIN, seed=0, monitor=Silent(), **ALONE).save(
        tmp_path
    )
    with pytest.raises(DataError, match=r"trained with decision\.\w+ = .*, here it is"):
        made.load(tmp_path, make_environment(loaded_in, num_envs=4), market)
