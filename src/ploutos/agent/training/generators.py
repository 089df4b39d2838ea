"""The state of the random generators that libraries share in a process."""

import json
import random
from typing import Any

import numpy as np
import torch


def generator_states() -> dict[str, Any]:
    """Return the states of Python's, NumPy's and Torch's global generators, plain enough for a checkpoint."""
    version, numbers, gauss = random.getstate()
    shared: dict[str, Any] = np.random.get_state(legacy=False)  # noqa: NPY002 - what libraries use
    key = shared["state"]["key"].tolist()
    return {
        "python": json.dumps([version, numbers, gauss]),
        "numpy": json.dumps(shared | {"state": {"key": key, "pos": shared["state"]["pos"]}}),
        "torch": torch.get_rng_state(),
        # None before a GPU is used: asking for its generator would begin to use it.
        "cuda": [generator.get_state() for generator in torch.cuda.default_generators],
    }


def restore_generators(states: dict[str, Any]) -> None:
    """Go on from what `generator_states` returned."""
    version, numbers, gauss = json.loads(states["python"])
    random.setstate((version, tuple(numbers), gauss))
    shared = json.loads(states["numpy"])
    shared["state"]["key"] = np.array(shared["state"]["key"], np.uint32)
    np.random.set_state(shared)  # noqa: NPY002
    torch.set_rng_state(states["torch"])
    if states["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(states["cuda"])
