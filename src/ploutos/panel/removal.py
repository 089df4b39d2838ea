"""Removes panels of ours and nothing else: known by name and manifest, moved to a trash folder first."""

import os
import re
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from ploutos.panel import manifest
from ploutos.tracking.files import head, is_plain_file
from ploutos.types import ConfigError

MARKER = ".ploutos-panels"
MARK = b"This folder holds panels of Ploutos; ploutos data panels=prune removes those, and nothing else.\n"
TRASH = ".ploutos-trash"
IN_TRASH = re.compile(r"([0-9a-f]{64})-[0-9a-f]{8}")
BUILDING = re.compile(r"\.([0-9a-f]{64})\.building-[0-9a-f]+")
LOCK = re.compile(r"\.[0-9a-f]{64}\.lock")
OURS = frozenset({manifest.MANIFEST, manifest.PART, *(f"{name}.npy" for name in manifest.ARRAYS)})


def mark(folder: Path) -> None:
    """Leave the marker in `folder` where it can be written and has none."""
    with suppress(OSError):
        handle = os.open(folder / MARKER, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with os.fdopen(handle, "wb") as file:
            file.write(MARK)


def require_mark(folder: Path) -> None:
    """Refuse to prune a folder in which no panel was ever opened; raises `ConfigError`."""
    if head(folder / MARKER, len(MARK)) != MARK:
        raise ConfigError(
            f"panel.folder: '{folder}' has no '{MARKER}' of Ploutos, so nothing is removed from it; name the"
            " folder of the panels (a command that opens or builds a panel marks its folder)"
        )


def why_not_ours(place: Path, address: str) -> str | None:
    """Return why the folder `place` is not to be removed as the panel `address`; None where it may be.

    It must be a folder, not a link to one, hold nothing but regular files that a panel has, and a manifest
    of this version that names the address.
    """
    try:
        if not stat.S_ISDIR(place.lstat().st_mode):
            return "not a folder"
        entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        for entry in entries:
            if entry.name not in OURS or not entry.is_file(follow_symlinks=False):
                return f"holds '{entry.name}', which is no file of a panel"
        return manifest.why_foreign(manifest.read_json(place), address)
    except manifest.DamagedPanel as damage:
        return str(damage)
    except OSError as error:
        return error.strerror or type(error).__name__


def to_trash(place: Path, address: str) -> Path:
    """Move the panel `address` out of sight, in one step, and return where it is.

    Raises
    ------
    ConfigError
        The trash folder is none, or cannot be written.
    """
    trash = place.parent / TRASH
    target = trash / f"{address}-{secrets.token_hex(4)}"
    try:
        with suppress(FileExistsError):
            trash.mkdir()
        if not stat.S_ISDIR(trash.lstat().st_mode):
            raise ConfigError(f"panel.folder: '{trash}' is no folder; move it away")
        place.rename(target)
    except OSError as error:
        raise ConfigError(f"panel.folder: cannot write '{trash}': {error.strerror}") from error
    return target


def empty_trash(folder: Path) -> None:
    """Remove what lies in the trash of `folder` and is ours, and the trash folder where nothing is left."""
    trash = folder / TRASH
    if trash.is_symlink() or not trash.is_dir():
        return
    for place in sorted(trash.iterdir()):
        named = IN_TRASH.fullmatch(place.name)
        if named:
            remove(place, named.group(1))
    with suppress(OSError):
        trash.rmdir()


def remove(place: Path, address: str) -> None:
    """Remove the folder `place` if it is that of the panel `address`; the manifest last: one can go on.

    Works on the folder that it has opened: what takes its name meanwhile is not touched, no link is followed.
    """
    if why_not_ours(place, address) is not None:
        return
    with suppress(OSError):  # another process is removing it, or may: what is left is removed next time
        folder = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            names = sorted(
                OURS.intersection(os.listdir(folder)),  # noqa: PTH208 - of what is open, whatever its name
                key=lambda name: name == manifest.MANIFEST,
            )
            for name in names:
                os.unlink(name, dir_fd=folder)
        finally:
            os.close(folder)
        place.rmdir()


def clear_unfinished(folder: Path, address: str) -> None:
    """Remove what died while it built the panel `address`; only for the holder of its lock."""
    for leftover in folder.glob(f".{address}.building-*"):
        if BUILDING.fullmatch(leftover.name):
            remove(leftover, address)


def is_kept_beside(place: Path) -> bool:
    """Return whether `place` is what Ploutos keeps beside panels: the marker, a lock, the trash."""
    if place.name == TRASH:
        return place.is_dir() and not place.is_symlink()
    return is_plain_file(place) and (place.name == MARKER or LOCK.fullmatch(place.name) is not None)
