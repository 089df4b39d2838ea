"""A panel in the making: files in a hidden folder that takes its name when everything is on disk."""

import json
import os
import shutil
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.panel.panel import Panel
from ploutos.panel.store import ARRAYS, MANIFEST, SCHEMA_VERSION, TEXTS, sha256_of
from ploutos.types import ConfigError


class Draft:
    """Room on disk for the arrays of one panel; whatever happens, the target appears whole or not at all.

    A context manager; leaving it removes what was not published.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.folder = target.with_name(f".{target.name}.building-{os.getpid()}")
        self._arrays: dict[str, npt.NDArray[Any]] = {}

    def __enter__(self) -> "Draft":
        try:
            self.folder.mkdir()
        except OSError as error:
            raise self._unwritable(error) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._arrays.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

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

        A damaged panel of that name makes way; processes that have it mapped keep their files.
        """
        try:
            files = {
                name: self._finish(name, array)
                for name in ARRAYS
                if (array := getattr(panel, name)) is not None
            }
            manifest = {"schema_version": SCHEMA_VERSION, "hash": panel.hash, "files": files}
            manifest |= {name: getattr(panel, name) for name in TEXTS}
            manifest["clock"] = panel.clock.as_dict()
            with (self.folder / MANIFEST).open("w", encoding="utf-8") as stream:
                json.dump(manifest, stream, indent=1, default=str)
                stream.flush()
                os.fsync(stream.fileno())
            _flush(self.folder)
            if self.target.is_dir():
                shutil.rmtree(self.target)
            else:
                self.target.unlink(missing_ok=True)
            self.folder.rename(self.target)
            _flush(self.target.parent)
        except OSError as error:
            raise self._unwritable(error) from error

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

    def _unwritable(self, error: OSError) -> ConfigError:
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
