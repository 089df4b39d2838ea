"""Networks that have learned nothing but say something definite."""

import numpy as np
import pytest
import torch

from hand_market import random_market
from ploutos.agent.network.cross_sectional_lstm import CrossSectionalLstm
from ploutos.agent.recurrent_ppo import RecurrentPPO
from ploutos.agent.schedule.constant import Constant
from ploutos.agent.stopping.no_stopping import NoStopping

SETTINGS = {
    "schedule": Constant(),
    "stopping": NoStopping(),
    "total_steps": 512,
    "n_steps": 16,
    "sequence_steps": 16,
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
    "hold_bias": 0.0,
    "initial_log_std": -1.0,
    "market_baseline": True,
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
        asset_width=8, asset_memory_width=4, lstm_width=8, memory_bars=16, head_width=8, clip=5.0
    )


@pytest.fixture
def agent(network):
    """Return a builder: settings that differ in, a RecurrentPPO out."""
    return lambda **changed: RecurrentPPO(network=network, **(SETTINGS | changed))
