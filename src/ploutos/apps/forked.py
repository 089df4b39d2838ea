"""Processes that were forked: the threads of Polars stay behind, and whoever waits for them waits for ever.

Gymnasium's `vectorization_mode="async"` forks wherever that is Python's default. A forked process takes over
what its parent made last and works without Polars.
"""

import multiprocessing
import os
from collections.abc import Sequence
from pathlib import Path
from threading import Thread
from typing import Generic, TypeVar

from ploutos.types import ConfigError

Made = TypeVar("Made")
PATIENCE_SECONDS = 5.0  # for a sum that takes a millisecond where it can be taken at all
_IMPORTED_IN = os.getpid()


def is_forked() -> bool:
    """Return whether this process began as a copy of another, with its modules and without its threads."""
    process = multiprocessing.current_process()
    method = getattr(type(process), "_start_method", None)
    if method is None and multiprocessing.parent_process() is not None:
        method = multiprocessing.get_start_method()
    return os.getpid() != _IMPORTED_IN or method == "fork"


class LastMade(Generic[Made]):
    """What a process made last, for the processes that are forked from it."""

    def __init__(self) -> None:
        self._key = ""
        self._made: Made | None = None

    def keep(self, made: Made, *given: Sequence[str] | str | None) -> None:
        """Keep what was made from `given`."""
        self._key, self._made = _key(given), made

    def inherited(self, *given: Sequence[str] | str | None) -> Made | None:
        """Return what the parent made from the same; None where this process can make it itself.

        Raises
        ------
        ConfigError
            In a forked process there is nothing to inherit, and Polars does not answer.
        """
        if not is_forked():
            return None
        if self._made is not None and self._key == _key(given):
            return self._made
        if not _polars_answers():
            raise ConfigError(
                "Ploutos-v0: this process was forked from one that had used Polars, whose threads a fork"
                " leaves behind; start processes by 'spawn' or 'forkserver', such as"
                " vector_kwargs={'context': 'spawn'}"
            )
        return None


def _key(given: Sequence[object]) -> str:
    """Return what decides a config: the arguments, and the folder from which its paths are read."""
    return repr([list(each) if isinstance(each, tuple) else each for each in given] + [Path.cwd()])


def _polars_answers() -> bool:
    """Return whether Polars' threads are there, by asking them for a sum."""
    import polars as pl

    def ask() -> None:
        pl.DataFrame({"a": [1, 2], "b": [3, 4]}).select(pl.col("a").sum(), pl.col("b").sum())

    asking = Thread(target=ask, daemon=True)
    asking.start()
    asking.join(PATIENCE_SECONDS)
    return not asking.is_alive()
