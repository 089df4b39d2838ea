"""Files that are replaced whole, and what is in the way of one and not ours: moved aside, never deleted."""

import os
import secrets
import stat
import tempfile
from pathlib import Path

ASIDE = "set-aside"


def replace_file(path: Path, content: bytes) -> None:
    """Write beside `path`, flush to disk, rename over it; a link of that name is replaced, not followed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def set_aside(path: Path) -> Path:
    """Rename what lies at `path` to the first free name "<name>.set-aside-<n>" beside it and return that.

    A link is renamed, what it points to is not touched. Only for the holder of a lock on `path`.
    """
    number = 1
    while os.path.lexists(aside := path.with_name(f"{path.name}.{ASIDE}-{number}")):
        number += 1
    path.rename(aside)
    return aside


def is_plain_file(path: Path) -> bool:
    """Return whether `path` is a regular file: no link, folder, pipe or device."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def head(path: Path, most: int) -> bytes:
    """Return the first `most` bytes of a regular file; nothing where `path` is none or cannot be read."""
    if not is_plain_file(path):
        return b""
    try:
        with path.open("rb") as stream:
            return stream.read(most)
    except OSError:
        return b""


def share(path: Path, other: Path) -> bool:
    """Make `other` a second name of the file `path`, replacing what was there; False where that cannot be.

    For files that are replaced and never written into: that would change both.
    """
    part = other.with_name(f".{other.name}.{secrets.token_hex(4)}.part")
    try:
        other.parent.mkdir(parents=True, exist_ok=True)
        part.hardlink_to(path)
    except OSError:  # another disk, or one without links
        return False
    try:
        part.replace(other)
    finally:
        part.unlink(missing_ok=True)
    return True
