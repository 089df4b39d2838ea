"""Whether the arrays of a manifest have the lengths that its names, and each other, say."""

from collections.abc import Mapping, Sequence
from typing import Any

# T times, N tickers, F features, M macro columns, A corporate actions, K slots.
AXES = {
    "ts": "T",
    "features": "TNF",
    "prices": "T5N",
    "member": "TN",
    "macro": "TM",
    "delist_bar": "N",
    "delist_return": "N",
    "action_bar": "A",
    "action_asset": "A",
    "action_split": "A",
    "action_dividend": "A",
    "slot_asset": "TK",
    "slot_features": "TKF",
    "slot_prices": "T5K",
    "slot_member": "TK",
    "expected_return": "TN",
}
NAMES = {"N": "tickers", "F": "feature_names", "M": "macro_names"}


def mismatch(told: Mapping[str, Any]) -> str | None:
    """Return what contradicts what in the manifest `told`, in one line; None where all lengths agree."""
    lengths = {"5": (5, "prices")} | {axis: (len(told[name]), name) for axis, name in NAMES.items()}
    for name, entry in sorted(told["files"].items()):
        axes, shape = AXES[name], entry["shape"]
        if len(shape) != len(axes):
            return f"{name}: {len(shape)} axes instead of {len(axes)}"
        for axis, length in zip(axes, shape, strict=True):
            known, where = lengths.setdefault(axis, (length, name))
            if known != length:
                return f"{name}: length {length} on axis {axis}, where {where} has {known}"
    return names_mismatch(told)


def names_mismatch(told: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the names: tickers are sorted, none occurs twice, signals are features."""
    for key in NAMES.values():
        names: Sequence[str] = told[key]
        if not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
            return f"{key}: a name occurs twice or is no text"
    if list(told["tickers"]) != sorted(told["tickers"]):
        return "tickers: not sorted"
    signals = list(told["signals"])
    if signals and list(told["feature_names"])[-len(signals) :] != signals:
        return "signals: not the last of feature_names"
    return None
