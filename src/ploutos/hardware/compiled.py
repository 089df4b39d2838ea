"""Compiles kernels once per machine: a disk cache that notices changes in every file a kernel calls."""

import hashlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from numba import njit
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.compiler import Flags

from ploutos.types import ConfigError

Function = TypeVar("Function", bound=Callable[..., Any])

# Bit-equality with the scalar reference forbids fast-math; divisions by zero give infinity, as in NumPy.
OPTIONS = {"nogil": True, "error_model": "numpy", "_nrt": False}
HOUSE = Path(__file__).parents[1]
KERNEL_SOURCES = (
    "types/fields.py",
    "features/engine",
    "regime",
    "execution",
    "env/kernel.py",
    "env/observation",
    "env/action",
    "agent/gradient/window_kernel.py",
    "agent/gradient/window_slopes.py",
)


@cache
def sources_stamp() -> str:
    """Return a hash of all files that a kernel may call into."""
    digest = hashlib.sha256()
    for source in KERNEL_SOURCES:
        for path in sorted((HOUSE / source).rglob("*.py")) or [HOUSE / source]:
            digest.update(path.read_bytes())
    return digest.hexdigest()


class _Cache(FunctionCache):
    """Numba's cache, valid for one state of all sources; Numba itself looks at one file only."""

    def __init__(self, py_func: Callable[..., Any]) -> None:
        super().__init__(py_func)
        self._cache_file = IndexDataCacheFile(
            cache_path=self._cache_path,
            filename_base=self._impl.filename_base,
            source_stamp=sources_stamp(),
        )


def _without_aliases(flags: Flags) -> Flags:
    flags.noalias = True
    return flags


def _dispatcher(function: Function, **options: Any) -> Any:
    """Return `function` compiled on the promise that none of its arrays overlaps one that it writes to.

    Without it every loop would be there twice, once for arrays that overlap, behind a check of all pairs.
    """
    dispatcher = njit(**OPTIONS, **options)(function)
    dispatcher._compiler._customize_flags = _without_aliases
    return dispatcher


def kernel(function: Function) -> Function:
    """Compile an entry point: called from Python, cached on disk, releases the interpreter lock."""
    dispatcher = _dispatcher(function)
    try:
        dispatcher._cache = _Cache(function)
    except RuntimeError as error:  # Numba found no folder that it can write
        given = os.environ.get("NUMBA_CACHE_DIR", "not set")
        raise ConfigError(
            f"NUMBA_CACHE_DIR: {given}: compiled kernels cannot be kept, neither there nor in '{HOUSE}' nor"
            " in the user's cache folder; set NUMBA_CACHE_DIR to a folder that can be written"
        ) from error
    compiled: Function = dispatcher
    return compiled


def part(function: Function) -> Function:
    """Compile a function that only kernels call; it becomes part of each."""
    compiled: Function = _dispatcher(function, forceinline=True)
    return compiled


def rare(function: Function) -> Function:
    """Compile a function that kernels call seldom: it stays outside, out of the way of what runs always."""
    compiled: Function = _dispatcher(function)
    return compiled
