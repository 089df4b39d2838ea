"""A panel in the making: files in a hidden folder that takes its name when everything is on disk."""

import errno
import json
import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.panel import manifest, removal
from ploutos.panel.manifest import ARRAYS, MANIFEST, PART, TEXTS
from ploutos.panel.panel import Panel
from ploutos.panel.store import sha256_of
from ploutos.tracking.files import set_aside
from ploutos.types import ConfigError


class Draft:
    """Room on disk for the arrays of one panel; whatever happens, the target appears whole or not at all.

    A context manager; leaving it removes what was not published. Only for the holder of the target's lock.

    Parameters
    ----------
    target : the folder that the panel shall have, named by its address.
    inputs : what the address is the hash of, see `MemoryMapped.inputs`.
    """

    def __init__(self, target: Path, inputs: dict[str, Any]) -> None:
        self.target = target
        self.folder = target.with_name(f".{target.name}.building-{secrets.token_hex(4)}")
        self._told = manifest.beginning(target.name, inputs)
        self._arrays: dict[str, npt.NDArray[Any]] = {}

    def __enter__(self) -> "Draft":
        try:
            self.folder.mkdir()
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            self._write(self._told)  # tells whose it is, should this process be killed
        except OSError as error:
            (self.folder / PART).unlink(missing_ok=True)
            self.folder.rmdir()
            raise self._unwritable(error) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._arrays.clear()
        removal.remove(self.folder, self.target.name)

    def array(self, name: str, shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """Return room for the array `name`, in its file.

        Raises
        ------
        ConfigError
            The disk has no room: found now, because a write into a mapped file cannot fail politely.
        """
        path = self.folder / f"{name}.npy"
        try:
            array = np.lib.format.open_memmap(path, mode="w+", dtype=np.dtype(dtype), shape=shape)
            with path.open("r+b") as stream:
                reserve(stream.fileno(), path.stat().st_size)
        except OSError as error:
            raise self._unwritable(error) from error
        self._arrays[name] = array
        return array

    def publish(self, panel: Panel) -> None:
        """Write what `array` gave no room for, flush everything to disk, and give the folder its name.

        A damaged panel of that name is removed; processes that have it mapped keep their files. Anything else
        of that name is not ours: it is moved aside.
        """
        try:
            files = {
                name: self._finish(name, array)
                for name in ARRAYS
                if (array := getattr(panel, name)) is not None
            }
            told = self._told | {"files": files} | {name: getattr(panel, name) for name in TEXTS}
            self._write(manifest.sealed(told | {"clock": panel.clock.as_dict()}))
            _flush(self.folder)
            old = self._make_way()
            self.folder.rename(self.target)
            _flush(self.target.parent)
        except OSError as error:
            raise self._unwritable(error) from error
        if old is not None:
            removal.empty_trash(self.target.parent)

    def _write(self, told: dict[str, Any]) -> None:
        """Put the manifest into the folder, flushed, in one step."""
        part = self.folder / PART
        with part.open("w", encoding="utf-8") as stream:
            json.dump(told, stream, indent=1, default=str)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(self.folder / MANIFEST)

    def _make_way(self) -> Path | None:
        """Take away what has the target's name; return where it is if it may be removed."""
        if not os.path.lexists(self.target):
            return None
        if removal.why_not_ours(self.target, self.target.name) is None:
            return removal.to_trash(self.target, self.target.name)
        set_aside(self.target)
        return None

    def _finish(self, name: str, array: npt.NDArray[Any]) -> dict[str, Any]:
        """Bring one array to its file on disk and describe it."""
        path = self.folder / f"{name}.npy"
        if array is self._arrays.get(name):
            self._arrays.pop(name).flush()  # type: ignore[attr-defined]
        else:
            np.save(path, np.ascontiguousarray(array), allow_pickle=False)
        _flush(path)
        status = path.stat()
        return {
            "shape": list(array.shape),
            "dtype": array.dtype.str,
            "bytes": status.st_size,
            "mtime_ns": status.st_mtime_ns,
            "sha256": sha256_of(path),
        }

    def _unwritable(self, error: OSError) -> Exception:
        if error.errno == errno.ENOMEM:  # address space for mapping, not the disk
            return MemoryError(f"the panel in '{self.target.parent}': {error.strerror}")
        return ConfigError(f"panel.folder: cannot write '{self.target.parent}': {error.strerror}")


def reserve(descriptor: int, size: int) -> None:
    """Reserve `size` bytes on disk for an open file; OSError where there is no room."""
    if hasattr(os, "posix_fallocate"):  # not on macOS
        os.posix_fallocate(descriptor, 0, size)


def _flush(path: Path) -> None:
    """Bring a file's or folder's content to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
