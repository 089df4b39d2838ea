"""Numbers that were fitted: the same, whatever stands outside the training window."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.audit.tally import Tally, differs
from ploutos.types import Policy

Numbers = dict[str, npt.NDArray[Any] | str]


def compare_fitted(tally: Tally, base: Numbers, found: Numbers, kind: str) -> None:
    """Note every fitted value that differs to the bit."""
    if not base and not found:
        return  # such as the scaler of a policy that scales nothing
    tally.comparisons += 1
    tally.columns.update(base)
    for name in sorted(base.keys() | found.keys()):
        a, b = base.get(name), found.get(name)
        if _same(a, b):
            continue
        tally.add(name, None, kind, f"is {_short(a)}, and {_short(b)} when only rows outside training change")


def flatten(value: Any, name: str = "") -> Iterator[tuple[str, npt.NDArray[Any] | str]]:
    """Yield the leaves of a JSON-like value with dotted names; lists of numbers are one leaf."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from flatten(inner, f"{name}.{key}" if name else str(key))
    elif isinstance(value, (list, tuple, np.ndarray, float, int, np.number)) and _numeric(value):
        yield name, np.asarray(value, np.float64)
    elif isinstance(value, (list, tuple)):
        for k, inner in enumerate(value):
            yield from flatten(inner, f"{name}.{k}")
    else:
        yield name, str(value)


def saved_numbers(policy: Policy) -> Numbers:
    """Return everything that `policy.save` writes, by file and name."""
    with TemporaryDirectory() as place:
        folder = Path(place)
        policy.save(folder)
        found: Numbers = {}
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            found |= dict(_read(file))
        return found


def _read(file: Path) -> Iterator[tuple[str, npt.NDArray[Any] | str]]:
    if file.suffix == ".json":
        yield from flatten(json.loads(file.read_text()))
    elif file.suffix == ".pt":
        import torch

        for name, tensor in torch.load(file, weights_only=True, map_location="cpu").items():
            yield f"weights.{name}", tensor.numpy()
    else:
        yield file.name, np.frombuffer(file.read_bytes(), np.uint8)


def _numeric(value: Any) -> bool:
    try:
        return np.asarray(value).dtype.kind in "fiub"
    except ValueError:
        return False


def _same(a: npt.NDArray[Any] | str | None, b: npt.NDArray[Any] | str | None) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and a.dtype == b.dtype and not np.any(differs(a, b))
    return type(a) is type(b) and bool(a == b)


def _short(value: Any) -> str:
    text = str(value.ravel()[:3].tolist() if isinstance(value, np.ndarray) else value)
    return text if len(text) <= 60 else text[:57] + "..."
