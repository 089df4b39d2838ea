"""Numbers that were fitted: the same, whatever stands outside the training window."""

import json
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from pickle import UnpicklingError
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
import numpy.typing as npt

from ploutos.audit.tally import Tally, differs
from ploutos.types import Policy

Numbers = dict[str, npt.NDArray[Any] | str]


def compare_fitted(tally: Tally, base: Numbers, found: Numbers, kind: str, window: tuple[int, int]) -> None:
    """Note every fitted value that differs to the bit; it stands for all bars of its training `window`."""
    if not base and not found:
        return  # such as the scaler of a policy that scales nothing
    tally.comparisons += 1
    tally.columns.update(base)
    for name in sorted(base.keys() | found.keys()):
        a, b = base.get(name), found.get(name)
        if same(a, b):
            continue
        detail = f"is {_short(a)}, and {_short(b)} when only rows outside training change"
        tally.add(name, window[0], kind, detail, cut=window[1])


def flatten(value: Any, name: str = "") -> Iterator[tuple[str, npt.NDArray[Any] | str]]:
    """Yield the leaves of a JSON-like value with dotted names; lists of numbers are one leaf."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from flatten(inner, f"{name}.{key}" if name else str(key))
    elif callable(getattr(value, "numpy", None)):  # a tensor
        yield name, value.numpy()
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
            found |= dict(_read(file.relative_to(folder).as_posix(), file.read_bytes()))
        return found


def _read(name: str, content: bytes) -> Iterator[tuple[str, npt.NDArray[Any] | str]]:
    """Yield the numbers of a file; of a format that is not known, its bytes."""
    suffix, plain = Path(name).suffix, [(name, np.frombuffer(content, np.uint8))]
    try:
        if suffix == ".json":
            yield from flatten(json.loads(content))
        elif suffix in (".pt", ".pth"):
            import torch

            yield from flatten(torch.load(BytesIO(content), weights_only=True, map_location="cpu"), "weights")
        elif suffix == ".npy":
            yield name, np.load(BytesIO(content), allow_pickle=False)
        elif suffix in (".zip", ".npz"):  # whose own bytes hold the time of writing
            with ZipFile(BytesIO(content)) as parts:
                for part in parts.namelist():
                    yield from _read(part, parts.read(part))
        else:
            yield from plain
    except (ValueError, OSError, UnpicklingError, BadZipFile):
        yield from plain


def _numeric(value: Any) -> bool:
    try:
        return np.asarray(value).dtype.kind in "fiub"
    except ValueError:
        return False


def same(a: npt.NDArray[Any] | str | None, b: npt.NDArray[Any] | str | None) -> bool:
    """Return whether two saved values are equal to the bit."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and a.dtype == b.dtype and not np.any(differs(a, b))
    return type(a) is type(b) and bool(a == b)


def _short(value: Any) -> str:
    text = str(value.ravel()[:3].tolist() if isinstance(value, np.ndarray) else value)
    return text if len(text) <= 60 else text[:57] + "..."
