"""An MLflow client whose calls wait while another process has the database locked."""

import functools
import logging
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, wait_random

from ploutos.tracking import deadline
from ploutos.types import PloutosError

if TYPE_CHECKING:
    from mlflow import MlflowClient

T = TypeVar("T")
LOCKED = ("database is locked", "database table is locked", "database schema is locked", "locking protocol")
FULL = (
    "database or disk is full",
    "disk I/O error",
    "No space left on device",
    "Disk quota exceeded",
    "File too large",
)
NOT_OPENED = "unable to open database file"  # also where no room is left for the journal beside it
# SQLite waits this long in one go, blind to signals; MLflow would let it wait for 20 s.
SLICE_MS = 500
TELL_AFTER_SECONDS = 10.0
ROOM_BYTES = 65_536  # less is a full disk


class StoreBusy(PloutosError):
    """The database was locked by another process for longer than is waited for."""


class StoreFull(PloutosError):
    """There is no room left for the database or what lies beside it."""


class Patience:
    """Repeats what failed because the database is locked, `seconds` long."""

    def __init__(self, database: Path, seconds: float) -> None:
        self.database = database
        self.seconds = seconds
        self._told = False

    @contextmanager
    def of(self, seconds: float) -> Iterator[None]:
        """Wait no longer than `seconds` inside."""
        before, self.seconds = self.seconds, min(self.seconds, seconds)
        try:
            yield
        finally:
            self.seconds = before

    def call(self, function: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Return what `function` returns.

        Raises
        ------
        StoreBusy
            Another process kept the database locked.
        StoreFull
            There is no room left.
        """
        start = time.monotonic()
        again = Retrying(
            retry=retry_if_exception(is_locked),
            stop=functools.partial(self._is_over, start),
            wait=wait_random(0.05, 0.3),
            before_sleep=functools.partial(self._tell, start),
            reraise=True,
        )
        try:
            return again(function, *arguments, **named)
        except Exception as error:
            if is_locked(error):
                raise StoreBusy(
                    f"tracking: another process has {self.database} locked, for more than"
                    f" {time.monotonic() - start:.0f} s (tracking.busy_timeout_seconds)"
                ) from None
            folder = self.database.parent
            if is_full(error) or (_says(error, (NOT_OPENED,)) and not _has_room(folder)):
                raise StoreFull(
                    f"tracking: {folder} cannot be written: {_says(error, (*FULL, NOT_OPENED))};"
                    " make room on its disk and give the same command again"
                ) from None
            raise

    def _is_over(self, start: float, _: RetryCallState) -> bool:
        now, end = time.monotonic(), deadline.give_up_at
        return now - start >= self.seconds or (end is not None and now >= end)

    def _tell(self, start: float, _: RetryCallState) -> None:
        if not self._told and time.monotonic() - start > TELL_AFTER_SECONDS:
            self._told = True
            sys.stdout.write(f"waiting for {self.database}, which another process has locked\n")
            sys.stdout.flush()


class WaitingClient:
    """Has the methods of an `MlflowClient`; each waits as `patience` says."""

    def __init__(self, client: "MlflowClient", patience: Patience) -> None:
        self.patience = patience
        self._client = client

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the client, methods with patience."""
        found = getattr(self._client, name)
        return functools.partial(self.patience.call, found) if callable(found) else found


def is_locked(error: BaseException) -> bool:
    """Return whether `error` says that another process holds the database."""
    return isinstance(error, Exception) and _says(error, LOCKED) is not None


def is_full(error: BaseException) -> bool:
    """Return whether `error` says that the database cannot grow."""
    return isinstance(error, Exception) and _says(error, FULL) is not None


def _says(error: BaseException, texts: tuple[str, ...]) -> str | None:
    """Return the first of `texts` in the message of `error` or of what caused it."""
    link: BaseException | None = error
    while link is not None:
        for text in texts:
            if text in str(link):
                return text
        link = link.__cause__
    return None


def _has_room(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free > ROOM_BYTES
    except OSError:
        return True


def shorten_waits() -> None:
    """Make SQLite wait in slices and let MLflow not log what is raised as well; for all of this process."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    # It logs whole tracebacks of errors that are repeated or told in one line here.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
    if not event.contains(Engine, "before_cursor_execute", _in_slices):
        event.listen(Engine, "before_cursor_execute", _in_slices, retval=True)


def _in_slices(
    connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
) -> tuple[str, Any]:
    """Replace the waiting time that MLflow asks for at the start of each session."""
    if statement.startswith("PRAGMA busy_timeout"):
        statement = f"PRAGMA busy_timeout = {SLICE_MS};"
    return statement, parameters
