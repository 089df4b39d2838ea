"""What a panel's folder says of itself: the manifest, sealed by a hash, bound to the folder's name."""

import dataclasses
import hashlib
import json
import os
import re
import stat
from pathlib import Path
from typing import Any

from ploutos.panel.panel import Panel

SCHEMA_VERSION = 4
KIND = "ploutos.panel"
MANIFEST = "manifest.json"
PART = f"{MANIFEST}.part"
ADDRESS = re.compile(r"[0-9a-f]{64}")  # what the folder of a panel is called
SEAL = "sha256"
TEXTS = ("clock", "tickers", "feature_names", "macro_names", "signals", "quality")
OPTIONAL = ("slot_asset", "slot_features", "slot_prices", "slot_member", "expected_return")
ARRAYS = tuple(f.name for f in dataclasses.fields(Panel) if f.name not in ("hash", *TEXTS))


class DamagedPanel(Exception):
    """A stored panel that is not what its manifest says; the message names the file and the difference."""


def digest(value: Any) -> str:
    """Return the SHA-256 of a JSON-ready value, the same before it is written and after it is read back."""
    plain = json.loads(json.dumps(value, default=str))
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def sealed(told: dict[str, Any]) -> dict[str, Any]:
    """Return the manifest `told` with its own hash as the last entry.

    The address is part of what is hashed, and of the address itself the manifest holds the inputs.
    """
    return told | {SEAL: digest(told)}


def beginning(address: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """Return what every manifest begins with, also that of a panel in the making."""
    return {"kind": KIND, "schema_version": SCHEMA_VERSION, "hash": address, "inputs": inputs}


def read_json(folder: Path) -> dict[str, Any]:
    """Return what the manifest in `folder` says, whatever that is.

    Raises
    ------
    DamagedPanel
        There is none, or it is no mapping.
    """
    path = folder / MANIFEST
    try:
        # Without following a link, and without waiting for the writer of a pipe.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(handle, encoding="utf-8") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise DamagedPanel(f"{MANIFEST}: no regular file")
            told = json.load(stream)
    except (OSError, ValueError, RecursionError) as error:
        raise DamagedPanel(f"{MANIFEST}: {type(error).__name__}: {error}") from error
    if not isinstance(told, dict):
        raise DamagedPanel(f"{MANIFEST}: a {type(told).__name__}, no mapping")
    return told


def why_foreign(told: dict[str, Any], address: str) -> str | None:
    """Return why `told` is not the manifest of a panel of this version at `address`; None where it is."""
    if told.get("kind") != KIND:
        return f"{MANIFEST}: not of a panel"
    if told.get("schema_version") != SCHEMA_VERSION:
        return f"{MANIFEST}: schema version {told.get('schema_version')} instead of {SCHEMA_VERSION}"
    if told.get("hash") != address:
        return f"{MANIFEST}: hash {told.get('hash')} instead of {address}"
    return None


def read_sealed(folder: Path, address: str) -> dict[str, Any]:
    """Return the manifest of the panel in `folder` after checking it against its hash and the address.

    Raises
    ------
    DamagedPanel
        It is missing, of something else, or changed since it was written.
    """
    told = read_json(folder)
    foreign = why_foreign(told, address)
    if foreign:
        raise DamagedPanel(foreign)
    if digest({name: value for name, value in told.items() if name != SEAL}) != told.get(SEAL):
        raise DamagedPanel(f"{MANIFEST}: changed since it was written (SHA-256 differs)")
    if digest(told.get("inputs")) != address:
        raise DamagedPanel(f"{MANIFEST}: its inputs are not those of the address")
    return told
