"""Networks that have learned nothing but say something definite."""

import numpy as np
import pytest
import torch

from hand_market import make_environment, random_market
from ploutos.agent.network.cross_sectional_lstm import CrossSectionalLstm
from ploutos.agent.recurrent_policy import build_policy
from ploutos.agent.recurrent_ppo import RecurrentPPO
from ploutos.features.scaler import RobustScaler

SETTINGS = {
    "total_steps": 512,
    "n_steps": 16,
    "batch_size": 64,
    "n_epochs": 2,
    "learning_rate": 3e-3,
    "gamma": 0.9,
    "gae_lambda": 0.9,
    "clip_range": 0.2,
    "entropy_coefficient": 0.0,
    "value_coefficient": 0.5,
    "max_grad_norm": 0.5,
    "target_kl": None,
    "scaler_cells": 1_000_000,
    "device": "cpu",
}


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def market():
    return random_market(np.random.default_rng(11), rows=160, assets=5, features=3, macro=2)


@pytest.fixture
def network():
    return CrossSectionalLstm(
        asset_width=8, lstm_width=8, head_width=8, clip=5.0, hold_bias=0.0, initial_log_std=-1.0
    )


@pytest.fixture
def agent(network):
    """Return a builder: settings that differ in, a RecurrentPPO out."""
    return lambda **changed: RecurrentPPO(network=network, **(SETTINGS | changed))


def spread(network, seed=0):
    """Give every weight a definite random value, so that outputs differ between assets."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.7)
    return network


@pytest.fixture
def untrained(network, market):
    """Return a builder: name of the action space in, (environment, layout, network) out."""

    def build(action):
        environment = make_environment(action, num_envs=4, episode_bars=24)
        layout = environment.layout(market)
        scaler = RobustScaler.fit(market.features[0], market.member, slice(0, 100), clip=5.0, max_cells=10**6)
        return environment, layout, spread(build_policy(network, environment.action, layout, scaler))

    return build
