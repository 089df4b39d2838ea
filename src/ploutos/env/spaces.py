"""Gymnasium spaces of observations, and the check of actions that come from outside."""

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from gymnasium.error import InvalidAction

from ploutos.env.layout import ASSET_STATE, PORTFOLIO_STATE, Layout

LARGEST = float(np.finfo(np.float32).max)  # every number is finite; no smaller bound holds for all features
BOUNDS = {"member": (0.0, 1.0), "holding_bars": (0.0, LARGEST)} | dict.fromkeys(
    ("drawdown", "leverage"), (0.0, LARGEST)
)


def flat_space(layout: Layout) -> spaces.Box:
    """Return the space of one flat observation [D]."""
    return _box("", (layout.size,))


def dict_space(layout: Layout) -> spaces.Dict:
    """Return the space of one observation as `by_name` splits it."""
    names = {"features": (layout.assets, len(layout.feature_names))}
    shapes = names | dict.fromkeys(ASSET_STATE, (layout.assets,)) | dict.fromkeys(PORTFOLIO_STATE, (1,))
    if layout.macro_names:
        shapes["macro"] = (len(layout.macro_names),)
    return spaces.Dict({name: _box(name, shape) for name, shape in shapes.items()})


def by_name(layout: Layout, observation: npt.NDArray[np.float32]) -> dict[str, npt.NDArray[np.float32]]:
    """Return copies of the parts of `observation` [B, D].

    Features [B, N, F], asset states [B, N], portfolio states [B, 1], and macro [B, M] where the layout has
    macro columns.
    """
    parts = {"features": layout.features(observation)}
    parts |= {name: layout.asset_state(observation, name) for name in ASSET_STATE}
    parts |= {name: layout.portfolio_state(observation, name)[:, None] for name in PORTFOLIO_STATE}
    if layout.macro_names:
        parts["macro"] = layout.macro(observation)
    return {name: part.copy() for name, part in parts.items()}


def require_actions(space: spaces.Space[Any], actions: Any, batch: int) -> npt.NDArray[Any]:
    """Return `actions` as an array [B, ...], or refuse a wrong shape, choices that do not exist, NaN.

    Numbers outside a box are welcome: action spaces cut them off.
    """
    given = np.asarray(actions)
    shape = (batch, *space.shape)
    if given.shape != shape:
        raise InvalidAction(f"actions: shape {given.shape} instead of {shape} (one leading row a portfolio)")
    if isinstance(space, spaces.MultiDiscrete):
        if given.dtype.kind not in "iu" or (given < 0).any() or (given >= space.nvec).any():
            raise InvalidAction(f"actions: a choice is not one of the integers 0..{space.nvec.max() - 1}")
    elif not np.isfinite(given).all():
        raise InvalidAction("actions: a number is not finite")
    return given


def _box(name: str, shape: tuple[int, ...]) -> spaces.Box:
    low, high = BOUNDS.get(name, (-LARGEST, LARGEST))
    return spaces.Box(low, high, shape, np.float32)
