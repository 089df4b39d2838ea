"""What makes two runs the same run."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

# Sections that can change what a training run yields; the panel enters by its content.
RESULT_SECTIONS = ("split", "regime", "execution", "env", "agent", "backtest")
RESULT_PACKAGES = (
    "types",
    "data",
    "macro",
    "universe",
    "features",
    "panel",
    "split",
    "regime",
    "execution",
    "env",
    "agent",
    "backtest",
)

# Their releases may change a result; NumPy and Polars enter through the panel's address as well.
RESULT_LIBRARIES = ("hmmlearn", "numba", "numpy", "sb3-contrib", "stable-baselines3", "torch")


def digest(value: Any) -> str:
    """Return a short hash of a JSON-ready value, independent of the order of keys."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def child_key(
    config: Mapping[str, Any], *, panel: str, sources: str, together: Sequence[int] | None = None
) -> str:
    """Return the identity of one training run: settings, fold, seed, threads, panel, code and libraries.

    `together`: the seeds of the group that it is trained in, which decide how sums are rounded; None: alone.
    """
    settings: dict[str, Any] = {name: config[name] for name in RESULT_SECTIONS}
    settings |= {"fold": config["fold"], "seed": config["seed"]}
    settings["threads"] = config["hardware"]["threads_per_job"]
    if together is not None:
        settings["together"] = list(together)
    libraries = {name: version(name) for name in RESULT_LIBRARIES}
    return digest({"settings": settings, "panel": panel, "sources": sources, "libraries": libraries})


def study_key(config: Mapping[str, Any], child_keys: Iterable[str]) -> str:
    """Return the identity of a study: its name, its children and how they decide together."""
    together = {name: config[name] for name in ("name", "ensemble", "baselines")}
    return digest({"together": together, "children": sorted(child_keys)})
