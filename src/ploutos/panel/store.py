"""One panel in one folder: plain `.npy` files and a manifest that says what they are."""

import contextlib
import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.panel.axes import mismatch
from ploutos.panel.holding import hold
from ploutos.panel.manifest import ARRAYS, MANIFEST, OPTIONAL, TEXTS, DamagedPanel, read_sealed
from ploutos.panel.panel import Panel
from ploutos.types.session import SessionClock


def read(folder: Path, expected_hash: str) -> Panel:
    """Map the panel in `folder` into memory, read-only, after checking manifest, lengths, sizes and times.

    A file whose time changed is read in full once more and compared by hash: a copied folder is sound. While
    one of the arrays lives, nobody prunes the panel.

    Raises
    ------
    DamagedPanel
        Something is missing or not what the manifest says.
    """
    try:
        held = hold(folder)
    except OSError as error:
        raise DamagedPanel(f"{folder.name}: {type(error).__name__}: {error.strerror}") from error
    try:
        told = read_manifest(folder, expected_hash)
        with contextlib.suppress(OSError):  # on a read-only disk nothing is pruned either
            os.utime(folder / MANIFEST)  # when it was last used
        arrays = {}
        for name, entry in told["files"].items():
            path = folder / f"{name}.npy"
            _check_file(path, entry, full=False)
            arrays[name] = _map(path, entry)
        held.while_alive(arrays.values())
    finally:
        held.release()
    texts = {name: tuple(told[name]) for name in ("tickers", "feature_names", "macro_names", "signals")}
    parts: dict[str, Any] = dict.fromkeys(ARRAYS) | arrays | texts
    clock = SessionClock.from_dict(told["clock"])
    return Panel(hash=expected_hash, clock=clock, quality=told["quality"], **parts)


def verify(folder: Path) -> tuple[str, ...]:
    """Return what is wrong with the panel in `folder`, reading every byte; empty when it is sound."""
    try:
        told = read_manifest(folder, folder.name)
    except DamagedPanel as damage:
        return (str(damage),)
    problems = []
    for name, entry in told["files"].items():
        path = folder / f"{name}.npy"
        try:
            _check_file(path, entry, full=True)
            _map(path, entry)
        except DamagedPanel as damage:
            problems.append(str(damage))
    return tuple(problems)


def read_manifest(folder: Path, address: str) -> dict[str, Any]:
    """Return the manifest of the panel `address` in `folder`; it holds the names and the quality report.

    Raises
    ------
    DamagedPanel
        It is missing, unreadable, of something else, changed, incomplete, or contradicts itself.
    """
    told = read_sealed(folder, address)
    try:
        files, inputs = told["files"], told["inputs"]
        lacking = [name for name in TEXTS if name not in told]
        lacking += [name for name in ARRAYS if name not in files and name not in OPTIONAL]
        if lacking or not set(files) <= set(ARRAYS):
            unknown = sorted(set(files) - set(ARRAYS))
            raise DamagedPanel(f"{MANIFEST}: entries {lacking or unknown} missing or unknown")
        if told["clock"] != inputs["clock"]:
            raise DamagedPanel(f"{MANIFEST}: its clock is not the one of the address")
        wrong = mismatch(told)
    except (KeyError, TypeError, AttributeError) as error:
        raise DamagedPanel(f"{MANIFEST}: {type(error).__name__}: {error}") from error
    if wrong:
        raise DamagedPanel(f"{MANIFEST}: {wrong}")
    return told


def _check_file(path: Path, entry: dict[str, Any], *, full: bool) -> None:
    try:
        status = path.stat()
        size, modified, stated = entry["bytes"], entry["mtime_ns"], entry["sha256"]
        if status.st_size != size:
            raise DamagedPanel(f"{path.name}: {status.st_size} bytes instead of {size}")
        if (full or status.st_mtime_ns != modified) and sha256_of(path) != stated:
            raise DamagedPanel(f"{path.name}: content changed (SHA-256 differs)")
    except (OSError, KeyError, TypeError) as error:
        raise DamagedPanel(f"{path.name}: {type(error).__name__}: {error}") from error


def _map(path: Path, entry: dict[str, Any]) -> npt.NDArray[Any]:
    try:
        array: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        found, stated = (array.shape, array.dtype.str), (tuple(entry["shape"]), entry["dtype"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedPanel(f"{path.name}: {type(error).__name__}: {error}") from error
    if found != stated:
        raise DamagedPanel(f"{path.name}: shape and type {found} instead of {stated}")
    return array


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
