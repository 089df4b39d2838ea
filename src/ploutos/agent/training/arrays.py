"""Arrays as tensors and back, through nested states."""

from typing import Any

import numpy as np
import torch


def as_tensors(state: Any) -> Any:
    """Return a nest of dicts and lists with copies of its arrays as tensors, NumPy's numbers as Python's."""
    if isinstance(state, dict):
        return {name: as_tensors(item) for name, item in state.items()}
    if isinstance(state, (list, tuple)):
        return [as_tensors(item) for item in state]
    if isinstance(state, np.ndarray):
        return torch.from_numpy(np.array(state))
    return state.item() if isinstance(state, np.generic) else state


def as_arrays(state: Any) -> Any:
    """Return the nest with its tensors as arrays."""
    if isinstance(state, dict):
        return {name: as_arrays(item) for name, item in state.items()}
    if isinstance(state, (list, tuple)):
        return [as_arrays(item) for item in state]
    return state.numpy() if isinstance(state, torch.Tensor) else state
