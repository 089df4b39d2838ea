"""One panel in one folder: plain `.npy` files and a manifest that says what they are."""

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.panel.panel import Panel
from ploutos.types.session import SessionClock

SCHEMA_VERSION = 4
MANIFEST = "manifest.json"
TEXTS = ("clock", "tickers", "feature_names", "macro_names", "signals", "quality")
OPTIONAL = ("slot_asset", "slot_features", "slot_prices", "slot_member", "expected_return")
ARRAYS = tuple(f.name for f in dataclasses.fields(Panel) if f.name not in ("hash", *TEXTS))


class DamagedPanel(Exception):
    """A stored panel that is not what its manifest says; the message names the file and the difference."""


def clear_unfinished(target: Path) -> None:
    """Remove what died while it built or removed `target`; only for the holder of its lock."""
    for pattern in (f".{target.name}.building-*", f".{target.name}.leaving"):
        for leftover in target.parent.glob(pattern):
            shutil.rmtree(leftover)


def read(folder: Path, expected_hash: str) -> Panel:
    """Map the panel in `folder` into memory, read-only, after checking manifest, sizes and times.

    A file whose time changed is read in full once more and compared by hash: a copied folder is sound.

    Raises
    ------
    DamagedPanel
        Something is missing or not what the manifest says.
    """
    manifest = read_manifest(folder)
    with contextlib.suppress(OSError):  # on a read-only disk nothing is pruned either
        os.utime(folder / MANIFEST)  # when it was last used
    if manifest["hash"] != expected_hash:
        raise DamagedPanel(f"{MANIFEST}: hash {manifest['hash']} instead of {expected_hash}")
    parts: dict[str, Any] = dict.fromkeys(ARRAYS) | {name: manifest[name] for name in TEXTS}
    for name, entry in manifest["files"].items():
        path = folder / f"{name}.npy"
        _check_file(path, entry, full=False)
        parts[name] = _map(path, entry)
    parts["clock"] = SessionClock.from_dict(manifest["clock"])
    parts |= {name: tuple(parts[name]) for name in ("tickers", "feature_names", "macro_names", "signals")}
    return Panel(hash=expected_hash, **parts)


def verify(folder: Path) -> tuple[str, ...]:
    """Return what is wrong with the panel in `folder`, reading every byte; empty when it is sound."""
    try:
        manifest = read_manifest(folder)
    except DamagedPanel as damage:
        return (str(damage),)
    problems = []
    for name, entry in manifest["files"].items():
        try:
            _check_file(folder / f"{name}.npy", entry, full=True)
        except DamagedPanel as damage:
            problems.append(str(damage))
    return tuple(problems)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of the panel in `folder`; it holds the axis names and the quality report.

    Raises
    ------
    DamagedPanel
        It is missing, unreadable, of another schema or incomplete.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        version, files = manifest["schema_version"], manifest["files"]
        lacking = [name for name in ("hash", *TEXTS) if name not in manifest]
        lacking += [name for name in ARRAYS if name not in files and name not in OPTIONAL]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedPanel(f"{MANIFEST}: {type(error).__name__}: {error}") from error
    if version != SCHEMA_VERSION:
        raise DamagedPanel(f"{MANIFEST}: schema version {version} instead of {SCHEMA_VERSION}")
    if lacking or not set(files) <= set(ARRAYS):
        raise DamagedPanel(
            f"{MANIFEST}: entries {lacking or sorted(set(files) - set(ARRAYS))} missing or unknown"
        )
    return dict(manifest)


def _check_file(path: Path, entry: dict[str, Any], *, full: bool) -> None:
    try:
        status = path.stat()
        size, modified, digest = entry["bytes"], entry["mtime_ns"], entry["sha256"]
    except (OSError, KeyError, TypeError) as error:
        raise DamagedPanel(f"{path.name}: {type(error).__name__}: {error}") from error
    if status.st_size != size:
        raise DamagedPanel(f"{path.name}: {status.st_size} bytes instead of {size}")
    if (full or status.st_mtime_ns != modified) and sha256_of(path) != digest:
        raise DamagedPanel(f"{path.name}: content changed (SHA-256 differs)")


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
