"""Nested configs as MLflow parameters."""

from collections.abc import Mapping, Sequence
from typing import Any

MAX_LENGTH = 500


def flatten(config: Any, prefix: str = "") -> dict[str, str]:
    """Return dotted keys and short string values; list items are numbered, `_target_` ends in the class."""
    if isinstance(config, Mapping):
        items = [(str(key), value) for key, value in config.items()]
    elif isinstance(config, Sequence) and not isinstance(config, str):
        if all(not isinstance(v, (Mapping, list, tuple)) for v in config):
            return {prefix: ", ".join(map(str, config))[:MAX_LENGTH]}
        items = [(str(index), value) for index, value in enumerate(config)]
    else:
        return {prefix: str(config)[:MAX_LENGTH]}
    flat: dict[str, str] = {}
    for key, value in items:
        if key == "_target_":
            flat[prefix or "target"] = str(value).rpartition(".")[2]
        elif not key.startswith("_"):
            flat |= flatten(value, f"{prefix}.{key}" if prefix else key)
    return flat
