"""One small variant of each network, weights that say something definite, and random bars."""

import numpy as np
import torch

from ploutos.agent.network.cross_sectional_lstm import CrossSectionalLstm
from ploutos.agent.network.cross_sectional_mlp import CrossSectionalMlp
from ploutos.agent.network.flat_mlp import FlatMlp
from ploutos.agent.network.set_attention import SetAttention
from ploutos.env.layout import Layout
from ploutos.features.scaler import RobustScaler

FEATURES, MACRO, ASSETS = 3, 2, 5
COMMON = {"head_width": 8, "clip": 5.0}
LSTM = {"asset_width": 8, "lstm_width": 6, "memory_bars": 12} | COMMON
VARIANTS = {
    "cross_sectional_mlp": CrossSectionalMlp(asset_width=8, **COMMON),
    "cross_sectional_lstm": CrossSectionalLstm(asset_memory_width=4, **LSTM),
    "market_memory_only": CrossSectionalLstm(asset_memory_width=0, **LSTM),
    "set_attention": SetAttention(asset_width=8, heads=2, blocks=2, **COMMON),
    "flat_mlp": FlatMlp(width=16, asset_width=4, **COMMON),
}
EQUIVARIANT = [name for name in VARIANTS if name != "flat_mlp"]
WITH_MEMORY = ["cross_sectional_lstm", "market_memory_only"]


def layout_of(assets=ASSETS, macro=MACRO):
    return Layout(assets, tuple(f"f{k}" for k in range(FEATURES)), tuple(f"m{k}" for k in range(macro)))


def scaler():
    return RobustScaler(np.array([0.1, -0.2, 0.0], np.float32), np.array([1.0, 2.0, 0.5], np.float32), 5.0)


def spread(module, seed=0):
    """Give every weight a definite random value, so that outputs differ between assets."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.5)
    return module


def perceive(name, assets=ASSETS, macro=MACRO):
    """Return the perception of a variant for `assets` assets, always with the same weights."""
    return spread(VARIANTS[name].perception(layout_of(assets, macro), scaler()))


def bars(length=9, batch=4, assets=ASSETS, seed=0, away=0.25, started=0.15, macro=MACRO):
    """Return features, member, macro and starts of random bars in which names come and go."""
    rng = np.random.default_rng(seed)
    draw = {
        "features": rng.normal(size=(length, batch, assets, FEATURES)),
        "member": rng.random((length, batch, assets)) >= away,
        "macro": rng.normal(size=(length, batch, macro)),
        "starts": rng.random((length, batch)) < started,
    }
    return {name: torch.as_tensor(values, dtype=torch.float32) for name, values in draw.items()}
