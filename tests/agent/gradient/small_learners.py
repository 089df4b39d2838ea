"""Small agents, what they learn, and a market with something to learn."""

import numpy as np
import torch

from hand_market import make_market
from ploutos.agent.direct_policy_gradient import DirectPolicyGradient
from ploutos.agent.network.cross_sectional_lstm import CrossSectionalLstm
from ploutos.agent.network.cross_sectional_mlp import CrossSectionalMlp
from ploutos.agent.network.flat_mlp import FlatMlp
from ploutos.agent.network.set_attention import SetAttention
from ploutos.agent.schedule.constant import Constant
from ploutos.agent.stopping.no_stopping import NoStopping
from ploutos.agent.utility.log_return import LogReturn
from ploutos.types.checkpoints import NO_CHECKPOINTS
from ploutos.types.monitor import Silent

NETWORKS = {
    "cross_sectional_mlp": CrossSectionalMlp(asset_width=6, head_width=6, clip=5.0),
    "cross_sectional_lstm": CrossSectionalLstm(
        asset_width=6, asset_memory_width=4, lstm_width=5, memory_bars=8, head_width=6, clip=5.0
    ),
    "set_attention": SetAttention(asset_width=8, heads=2, blocks=1, head_width=6, clip=5.0),
    "flat_mlp": FlatMlp(width=8, asset_width=4, head_width=6, clip=5.0),
}
SETTINGS = {
    "network": NETWORKS["cross_sectional_mlp"],
    "utility": LogReturn(),
    "schedule": Constant(),
    "stopping": NoStopping(),
    "total_steps": 6 * 4 * 8,
    "portfolios": 4,
    "window_bars": 8,
    "learning_rate": 1e-2,
    "weight_decay": 0.0,
    "max_grad_norm": 1.0,
    "average": 0.9,
    "turnover_penalty_bps": 0.0,
    "smoothness": 0.0,
    "sees_portfolio": False,
    "initial_rate": 0.3,
    "initial_band": 0.1,
    "scaler_cells": 1_000_000,
    "device": "cpu",
}


def agent_of(**changed):
    return DirectPolicyGradient(**SETTINGS | changed)


def fitted(agent, environment, market, *, train=slice(20, 120), seed=1, monitor=None, checkpoints=None):
    return agent.fit(
        environment,
        market,
        train,
        validation=slice(120, 180),
        seed=seed,
        monitor=monitor or Silent(),
        checkpoints=checkpoints or NO_CHECKPOINTS,
    )


def weights_of(policy):
    return policy.network.state_dict()


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[part], other[part]) for part in one)


def disturbed(module, seed=0, scale=0.5):
    """Give every weight a definite random value, so that decisions differ between assets and bars."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * scale)
    return module


def planted(seed, *, rows, assets=8, strength=0.15, noise=0.004, product=False):
    """Return a market of two features, the first of which says which assets will rise.

    It is an AR(1) of half-life 12 bars. With `product` the second is another, and their product says it.
    """
    rng = np.random.default_rng(seed)
    slow = autoregression(rng, rows, assets)
    other = autoregression(rng, rows, assets) if product else rng.normal(size=(rows, assets))
    signal = slow * other if product else slow
    drift = np.concatenate([np.zeros((1, assets)), strength * signal[:-1]])
    returns = noise * (drift + rng.normal(size=(rows, assets)) + rng.normal(size=(rows, 1)))
    closes = 50.0 * np.exp(np.cumsum(returns + 1e-4, axis=0))
    opens = np.concatenate([closes[:1], closes[:-1]])
    return make_market(opens, closes, features=np.stack([slow, other], axis=-1))


def autoregression(rng, rows, assets):
    decay = 0.5 ** (1 / 12)
    signal = rng.normal(size=(rows, assets))
    for t in range(1, rows):
        signal[t] = decay * signal[t - 1] + np.sqrt(1 - decay**2) * signal[t]
    return signal
