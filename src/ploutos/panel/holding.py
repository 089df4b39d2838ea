"""Who reads a panel: a shared lock on its folder for as long as one of its arrays lives."""

import fcntl
import os
import weakref
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any


class Held:
    """A shared lock on the folder of a panel; it also ends with the process, however that ends.

    The lock is on the folder itself, so it needs no file of its own and works where nothing can be written.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._users = 1

    def while_alive(self, arrays: Iterable[Any]) -> None:
        """Hold on until all `arrays` are gone."""
        for array in arrays:
            self._users += 1
            weakref.finalize(array, self.release)

    def release(self) -> None:
        """Give up the caller's share."""
        self._users -= 1
        if self._users == 0:
            os.close(self._descriptor)


def hold(folder: Path) -> Held:
    """Take a share in the panel in `folder`; raises FileNotFoundError where it has just been removed."""
    while True:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(descriptor, fcntl.LOCK_SH)
            # It may have been moved away while this waited.
            if os.path.samestat(os.fstat(descriptor), folder.stat()):
                return Held(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def in_use(descriptor: int) -> bool:
    """Return whether somebody holds the open folder; where not, nobody can until `descriptor` is closed."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return False
    return False
