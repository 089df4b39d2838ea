"""Waiting for a call into compiled code without losing Ctrl-C."""

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

LOOK_SECONDS = 0.1


class Interruptible:
    """Runs calls in a thread of its own that dies with the process.

    libcurl does not return to Python before its answer or timeout; in the main thread Ctrl-C would have
    to wait for that. One thread for all calls, because curl's connections belong to a thread.
    """

    def __init__(self) -> None:
        self._jobs: SimpleQueue[tuple[Callable[[], Any], SimpleQueue[Any]]] = SimpleQueue()
        self._started = False

    def __call__(self, call: Callable[[], Any]) -> Any:
        """Return what `call` returns, or raise what it raises."""
        if not self._started:
            threading.Thread(target=self._work, daemon=True, name="network").start()
            self._started = True
        outcome: SimpleQueue[Any] = SimpleQueue()
        self._jobs.put((call, outcome))
        while True:
            try:
                value, error = outcome.get(timeout=LOOK_SECONDS)
            except Empty:
                continue  # a signal that went to the other thread is handled here
            if error is not None:
                raise error
            return value

    def _work(self) -> None:
        while True:
            call, outcome = self._jobs.get()
            try:
                outcome.put((call(), None))
            except BaseException as error:
                outcome.put((None, error))
