"""Every agent that takes a stopping rule, as its YAML composes it: interrupted, it ends in the same bits."""

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from listening import Interrupted, Listener
from omegaconf import OmegaConf

from hand_market import make_environment, make_market, random_market
from ploutos.agent.training.files import Files
from ploutos.apps.conf_dir import conf_dir
from ploutos.apps.parts import build
from ploutos.types.checkpoints import NO_CHECKPOINTS

AGENTS = sorted(
    path.stem
    for path in (conf_dir() / "agent").glob("*.yaml")
    if any("stopping" in entry for entry in OmegaConf.load(path).get("defaults") or [])
)
# What makes a training small, where an agent has the key.
SMALL = {
    "total_steps": 1024,
    "n_steps": 32,
    "sequence_steps": 16,
    "batch_size": 64,
    "n_epochs": 2,
    "portfolios": 4,
    "window_bars": 16,
}
WATCHED = ["agent.stopping.every_steps=128", "agent.stopping.patience_steps=100000"]
ENVS, EPISODE = 4, 40


@pytest.fixture(scope="module")
def random_walk():
    return random_market(np.random.default_rng(0), rows=300, assets=3, features=2, macro=1)


def made(name, last):
    with initialize_config_dir(str(conf_dir())):
        chosen = [f"agent={name}", "agent/stopping=validation", "agent/schedule=linear"]
        has = compose("train", chosen).agent
        small = [f"agent.{key}={value}" for key, value in SMALL.items() if key in has]
        return build(compose("train", [*chosen, *small, *WATCHED, *last]).agent)


def fitted(name, market, monitor, checkpoints, last=()):
    environment = make_environment("target_weights", num_envs=ENVS, episode_bars=EPISODE)
    policy = made(name, last).fit(
        environment,
        market,
        slice(10, 200),
        validation=slice(210, 260),
        seed=2,
        monitor=monitor,
        checkpoints=checkpoints,
    )
    return policy.network.state_dict()


def test_there_are_some():
    assert {"recurrent_ppo", "ppo", "direct_policy_gradient"} <= set(AGENTS)


@pytest.mark.parametrize("name", AGENTS)
def test_interrupted_in_the_middle(name, random_walk, tmp_path):
    def kept():
        return Files(folder=str(tmp_path), every_seconds=0, keep_days=1).of("key")

    whole = Listener()
    expected = fitted(name, random_walk, whole, NO_CHECKPOINTS)
    boundaries = sorted({done for done, _ in whole.steps})
    torch.randn(5)
    with pytest.raises(Interrupted):
        fitted(name, random_walk, Listener(boundaries[len(boundaries) // 2]), kept())
    torch.randn(11)
    np.random.random(3)  # noqa: NPY002 - the generator that libraries share
    resumed = Listener()
    found = fitted(name, random_walk, resumed, kept())
    assert 0 < resumed.steps[0][0] < boundaries[-1]
    assert expected.keys() == found.keys()
    assert all(torch.equal(found[key], expected[key]) for key in expected)
    assert resumed.figures == whole.figures and resumed.figures["steps"] == 1024


@pytest.mark.parametrize("name", AGENTS)
def test_one_update_learns_from_prices_and_tells(name):
    """The default schedules fall to 0, but not before the last update: the audit trains for a single one."""
    rng = np.random.default_rng(0)
    features, weights = rng.normal(size=(300, 3, 2)), []
    for _ in range(2):
        closes = 50 * np.exp(np.cumsum(rng.normal(0, 0.01, (300, 3)), axis=0))
        told = Listener()
        market = make_market(np.roll(closes, 1, axis=0), closes, features=features)
        weights.append(fitted(name, market, told, NO_CHECKPOINTS, ["agent.total_steps=1"]))
        assert any(curve.startswith("train/") for curve in told.told)
    assert any(not torch.equal(weights[0][key], weights[1][key]) for key in weights[0])
