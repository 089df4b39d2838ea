"""A process that has a panel, mapped or as a copy: does what its input asks, a line each, and says so."""

import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np

from ploutos.panel import store


def touch(panel: Any) -> int:
    """Read every byte of a panel; return the sum of the largest of each array."""
    arrays = [getattr(panel, name) for name in store.ARRAYS]
    return sum(int(a.reshape(-1).view(np.uint8).max(initial=0)) for a in arrays if a is not None)


def main() -> None:
    """Answer until the input ends."""
    given, held = sys.stdin.buffer, []
    for line in given:
        task, _, place = line.decode().strip().partition(" ")
        if task == "map":
            held.append(store.read(Path(place), Path(place).name))
        elif task == "copy":
            held.append(pickle.load(given))
        elif task == "torch":
            import torch  # noqa: F401
        said = touch(held[-1]) if task in ("map", "copy") else 0
        print(said, flush=True)


if __name__ == "__main__":
    main()
