"""A training that leaves the numbers stops where it does, and leaves nothing behind."""

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from listening import Listener
from test_every_learner_resumes import AGENTS, SMALL

from hand_market import make_environment, random_market
from ploutos.agent.training.divergence import (
    TrainingDiverged,
    require_finite,
    require_finite_weights,
    weights_not_finite,
)
from ploutos.agent.training.files import Files
from ploutos.apps.conf_dir import conf_dir
from ploutos.apps.parts import build
from ploutos.types import DataError, PloutosError

NETWORKS = ["cross_sectional_lstm", "cross_sectional_mlp", "flat_mlp", "set_attention"]


@pytest.fixture(scope="module")
def random_walk():
    return random_market(np.random.default_rng(0), rows=300, assets=3, features=2, macro=1)


def trained(name, market, *last, action="target_weights", seeds=(2,), folder=None, stopping="none"):
    """Train a small agent; return its policies."""
    with initialize_config_dir(str(conf_dir())):
        chosen = [f"agent={name}", f"agent/stopping={stopping}", *(o for o in last if o.startswith("agent/"))]
        has = compose("train", chosen).agent
        small = [f"agent.{key}={value}" for key, value in SMALL.items() if key in has]
        agent = build(compose("train", [*chosen, *small, *(o for o in last if o not in chosen)]).agent)
    checkpoints = Files(folder=str(folder), every_seconds=0, keep_days=1).of("key")
    place = (make_environment(action, num_envs=4, episode_bars=40), market, slice(10, 200))
    listeners = [Listener() for _ in seeds]
    given = {"validation": slice(210, 260), "checkpoints": checkpoints}
    if len(seeds) > 1:
        return agent.fit_many(*place, seeds=seeds, monitors=listeners, **given)
    return [agent.fit(*place, seed=seeds[0], monitor=listeners[0], **given)]


def checkpoint_is_finite(folder):
    """Return whether there is no checkpoint, or one whose weights are numbers."""
    state = Files(folder=str(folder), every_seconds=0, keep_days=1).of("key").load()
    return state is None or all(torch.isfinite(w).all() for w in tensors(state) if w.is_floating_point())


def tensors(value):
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from tensors(part)


@pytest.mark.parametrize("rate", ["1e30", "1e300"])
@pytest.mark.parametrize("name", AGENTS)
def test_a_rate_that_throws_the_weights_away(name, rate, random_walk, tmp_path):
    with pytest.raises(TrainingDiverged) as stopped:
        trained(name, random_walk, f"agent.learning_rate={rate}", folder=tmp_path)
    told = str(stopped.value)
    assert 0 < stopped.value.step <= 1024 and "\n" not in told
    assert told.startswith(f"training diverged at step {stopped.value.step}: ")
    assert checkpoint_is_finite(tmp_path)


@pytest.mark.parametrize("network", NETWORKS)
def test_whatever_the_network(network, random_walk, tmp_path):
    with pytest.raises(TrainingDiverged):
        trained("ppo", random_walk, f"agent/network={network}", "agent.learning_rate=1e30", folder=tmp_path)
    assert checkpoint_is_finite(tmp_path)


def test_a_watched_training_stops_before_it_is_judged(random_walk, tmp_path):
    with pytest.raises(TrainingDiverged):
        trained("ppo", random_walk, "agent.learning_rate=1e30", stopping="validation", folder=tmp_path)
    assert checkpoint_is_finite(tmp_path)


def test_one_of_several_seeds_is_named(random_walk, tmp_path):
    with pytest.raises(TrainingDiverged, match=r"diverged at step \d+: (seed [35]: |\d+ of \d+ weights)"):
        trained(
            "direct_policy_gradient", random_walk, "agent.learning_rate=1e20", seeds=(3, 5), folder=tmp_path
        )


def test_the_first_figure_that_is_none_is_told():
    require_finite(7, loss=torch.tensor(1.0), gradient_norm=2.0)
    with pytest.raises(
        TrainingDiverged, match=r"^training diverged at step 7: gradient norm is inf; "
    ) as told:
        require_finite(
            7, loss=torch.tensor(1.0), gradient_norm=torch.tensor([1.0, float("inf")]), other=np.nan
        )
    assert (told.value.step, told.value.figure) == (7, "gradient norm is inf")
    with pytest.raises(TrainingDiverged, match="at step 9: seed 4: utility is nan"):
        require_finite(9, "seed 4", utility=torch.tensor(float("nan")))


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_weights_are_counted(bad):
    layers = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Linear(2, 1), torch.nn.BatchNorm1d(1))
    require_finite_weights(0, layers)
    with torch.no_grad():
        layers[0].bias[1] = bad
        layers[1].weight[0, 0], layers[1].weight[0, 1] = bad, -bad
    total = sum(weight.numel() for weight in layers.state_dict().values())
    told = weights_not_finite(layers.state_dict().items())
    assert told == f"3 of {total} weights are not finite, the first in 0.bias"
    with pytest.raises(TrainingDiverged, match="at step 5: 3 of"):
        require_finite_weights(5, layers)


def test_sums_that_overflow_are_no_divergence():
    """Two weights of 3e38 are numbers, whatever their sum is."""
    assert weights_not_finite([("a", torch.full((4,), 3e38))]) is None
    assert weights_not_finite([("a", torch.zeros(0)), ("count", torch.tensor(3))]) is None


def test_a_policy_that_is_none_is_neither_saved_nor_loaded(random_walk, tmp_path):
    (policy,) = trained("ppo", random_walk, folder=tmp_path / "checkpoints")
    good, bad = tmp_path / "good", tmp_path / "bad"
    policy.save(good)
    weights = torch.load(good / "weights.pt", weights_only=True)
    name = next(name for name, weight in weights.items() if weight.is_floating_point() and weight.numel() > 3)
    with torch.no_grad():
        dict(policy.network.state_dict())[name].flatten()[1] = float("nan")
    with pytest.raises(PloutosError, match="is not saved: 1 of") as refused:
        policy.save(bad)
    assert not bad.exists() and "\n" not in str(refused.value)
    weights[name].flatten()[2] = float("inf")
    torch.save(weights, good / "weights.pt")
    with pytest.raises(
        DataError, match=r"weights\.pt: 1 of \d+ weights are not finite, the first in"
    ) as refused:
        load(good, random_walk)
    assert "train again" in str(refused.value) and "\n" not in str(refused.value)


def load(folder, market):
    with initialize_config_dir(str(conf_dir())):
        agent = build(compose("train", ["agent=ppo", "agent/stopping=none"]).agent)
    return agent.load(folder, make_environment("target_weights", num_envs=4, episode_bars=40), market)
