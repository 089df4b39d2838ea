"""A market with something to learn, and a cheap agent that learns it."""

import numpy as np
import pytest
import torch

from climbing.climber import Climber
from hand_market import make_environment, make_market
from ploutos.agent.schedule.linear import Linear
from ploutos.agent.stopping.no_stopping import NoStopping


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def market():
    """Return a market whose first feature leans towards the next bar's return."""
    rng = np.random.default_rng(5)
    step = rng.normal(0, 0.01, (201, 4))
    closes = 50 * np.exp(np.cumsum(step[:-1], axis=0))
    opens = np.concatenate([closes[:1], closes[:-1]])
    told = step[1:] / 0.01 + rng.normal(0, 2, (200, 4))
    return make_market(opens, closes, features=np.stack([told, rng.normal(size=(200, 4))], axis=2))


@pytest.fixture
def environment():
    return make_environment("target_weights", num_envs=4, episode_bars=24, cost_bps=0.5)


@pytest.fixture
def climber():
    """Return a builder: settings that differ in, a Climber out."""
    usual = {
        "rounds": 12,
        "bars": 8,
        "learning_rate": 4.0,
        "pause_seconds": 0.0,
        "schedule": Linear(final=0.1),
        "stopping": NoStopping(),
    }
    return lambda **changed: Climber(**(usual | changed))
