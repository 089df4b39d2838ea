"""A training that was killed and resumed ends in the same policy, bit for bit."""

import numpy as np
import pytest
import torch

from hand_market import make_environment, random_market
from keeping import Kept, Killed, Told
from ploutos.agent.network.cross_sectional_lstm import CrossSectionalLstm
from ploutos.agent.network.cross_sectional_mlp import CrossSectionalMlp
from ploutos.agent.ppo import PPO
from ploutos.agent.recurrent_ppo import RecurrentPPO
from ploutos.agent.schedule.linear import Linear
from ploutos.agent.stopping.no_stopping import NoStopping
from ploutos.agent.stopping.validation import Validation
from ploutos.types.checkpoints import NO_CHECKPOINTS
from ploutos.types.monitor import Silent

SETTINGS = {
    "schedule": Linear(final=0.1),
    "n_steps": 16,
    "batch_size": 32,
    "total_steps": 6 * 64,
    "n_epochs": 2,
    "learning_rate": 3e-3,
    "gamma": 0.9,
    "gae_lambda": 0.9,
    "clip_range": 0.2,
    "entropy_coefficient": 0.01,
    "value_coefficient": 0.5,
    "max_grad_norm": 0.5,
    "target_kl": None,
    "hold_bias": 0.0,
    "initial_log_std": -1.0,
    "market_baseline": True,
    "scaler_cells": 1_000_000,
    "device": "cpu",
}
REMEMBERS = CrossSectionalLstm(
    asset_width=6, asset_memory_width=4, lstm_width=5, memory_bars=8, head_width=6, clip=5.0
)
FORGETS = CrossSectionalMlp(asset_width=6, head_width=6, clip=5.0)
LOOKS = Validation(every_steps=64, patience_steps=128, figure="sharpe")
AGENTS = {
    "recurrent_ppo": RecurrentPPO(
        network=REMEMBERS, stopping=NoStopping(), sequence_steps=8, **SETTINGS | {"target_kl": 0.02}
    ),
    "recurrent_ppo_stopping": RecurrentPPO(
        network=REMEMBERS, stopping=LOOKS, sequence_steps=16, **SETTINGS | {"total_steps": 1000}
    ),
    "ppo": PPO(network=FORGETS, stopping=NoStopping(), **SETTINGS),
    "ppo_that_remembers": PPO(network=REMEMBERS, stopping=NoStopping(), **SETTINGS),
}


@pytest.fixture(scope="module")
def market():
    return random_market(np.random.default_rng(11), rows=200, assets=4, features=3, macro=2)


def timeless(curve):
    return {
        step: {name: value for name, value in values.items() if not name.startswith("time/")}
        for step, values in curve.items()
    }


def fit(name, market, checkpoints, action, monitor=None):
    environment = make_environment(action, num_envs=4, episode_bars=21)
    policy = AGENTS[name].fit(
        environment,
        market,
        slice(20, 120),
        validation=slice(120, 180),
        seed=1,
        monitor=monitor or Silent(),
        checkpoints=checkpoints,
    )
    return policy.network.state_dict()


@pytest.mark.parametrize("action", ["discrete", "target_weights"])
@pytest.mark.parametrize("name", AGENTS)
def test_killed_at_boundaries(name, action, market):
    told, pieces = Told(), Told()
    whole = fit(name, market, NO_CHECKPOINTS, action, told)
    kept, kills = Kept(), 0
    while True:
        kept.saves = 1 + kills % 2  # at the next boundary, or the one after that
        try:
            resumed = fit(name, market, kept, action, pieces)
            break
        except Killed:
            kills += 1
            np.random.seed(kills)  # noqa: NPY002 - another process has other generators
            torch.manual_seed(kills)
    assert kills >= 3 if "stopping" not in name else kills >= 1
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[part], resumed[part]) for part in whole)
    assert "train/loss" in told.curve[max(told.curve)]
    assert timeless(pieces.curve) == timeless(told.curve)


def test_saving_changes_nothing(market):
    kept = Kept()
    saved = fit("recurrent_ppo", market, kept, "discrete")
    whole = fit("recurrent_ppo", market, NO_CHECKPOINTS, "discrete")
    assert all(torch.equal(whole[part], saved[part]) for part in whole)
