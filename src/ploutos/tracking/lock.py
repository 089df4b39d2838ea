"""A lock between processes that dies with its holder."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ploutos.types import ConfigError


class Busy(ConfigError):
    """Another process holds the lock."""


@contextmanager
def file_lock(path: Path, *, wait: bool, what: str) -> Iterator[None]:
    """Hold the lock file `path`; with `wait=False` a held lock raises `Busy`, naming `what`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("a+")
    except OSError as error:
        raise ConfigError(f"{what}: cannot write '{path.parent}': {error.strerror}") from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy(f"{what}: another process is at it (lock {path})") from error
        yield
