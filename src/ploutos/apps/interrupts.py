"""Ctrl-C, SIGTERM and SIGHUP: the first one ends the command, within seconds and whatever it is at."""

import contextlib
import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import Any

from ploutos.tracking import deadline

# A command has this long to record how it ended; then it is ended as it is, and the next launch records it.
GRACE_SECONDS = 3.5
RECORDING_SECONDS = 2.0  # of these, at most, for a database that is locked
NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
WATCHED = tuple(getattr(signal, name) for name in NAMES if hasattr(signal, name))


class Interrupts:
    """Raises KeyboardInterrupt at the first signal and ignores those that follow."""

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self._told = False
        self._before: dict[int, Any] = {}
        self._pipe: tuple[int, int] | None = None
        self._woken_before = -1
        self._forks = False

    def watch(self) -> None:
        """Take over the signals, but for those that whoever started this process wants ignored (nohup)."""
        if threading.current_thread() is not threading.main_thread():
            return
        self.received, self._told, deadline.give_up_at = None, False, None
        self._before = {
            number: signal.getsignal(number)
            for number in WATCHED
            if signal.getsignal(number) not in (signal.SIG_IGN, None)
        }
        if not self._forks:
            self._forks = True
            os.register_at_fork(after_in_child=self._in_a_fork)
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        self._pipe = (reading, writing)
        self.again()
        # Python's own handler waits until the main thread has left a library; this byte comes at once.
        self._woken_before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        threading.Thread(target=self._see_to_the_end, args=(reading,), daemon=True, name="interrupts").start()

    def again(self) -> None:
        """Take over the signals once more: libraries replace what they find when they are imported."""
        if self._pipe is not None and threading.current_thread() is threading.main_thread():
            for number in self._before:
                signal.signal(number, self._handle)

    def unwatch(self) -> None:
        """Give the signals back; not after one has come, when the process is about to end."""
        if self.received is not None or self._pipe is None:
            return
        signal.set_wakeup_fd(self._woken_before)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._pipe[1])  # ends the thread
        self._pipe = None

    def note(self, number: signal.Signals) -> None:
        """Keep that a signal has come: from here on, seconds are left."""
        if self.received is None:
            self.received = number
            deadline.give_up_at = time.monotonic() + RECORDING_SECONDS

    @property
    def code(self) -> int:
        """Exit code after the signal, as shells count."""
        return 128 + (self.received or signal.SIGINT)

    def reason(self) -> str:
        """Return what the records say."""
        named = "Ctrl-C" if self.received in (None, signal.SIGINT) else self.received.name
        return f"interrupted by {named}"

    def leave_if_received(self) -> None:
        """End the process if a signal has come: at once, without what libraries do at an ordinary end."""
        if self.received is None:
            return
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):  # the terminal may be gone
                stream.flush()
        self._end()

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.received is None:
            self.note(signal.Signals(number))
            raise KeyboardInterrupt
        if not self._told:
            self._told = True
            say("ending already; further signals are ignored")

    def _in_a_fork(self) -> None:
        """Leave signals alone in a process that a library forks: they are its own, this process's are not."""
        if self._pipe is not None:
            signal.set_wakeup_fd(-1)
            for number in self._before:
                signal.signal(number, signal.SIG_DFL)
            self._pipe = None

    def _see_to_the_end(self, reading: int) -> None:
        """Wait for a signal; end the process if that has not ended after the grace."""
        with os.fdopen(reading, "rb", buffering=0) as pipe:
            while byte := pipe.read(1):
                if byte[0] in self._before:
                    time.sleep(GRACE_SECONDS)
                    if self.received is None:
                        self.received = signal.Signals(byte[0])
                    say(f"{self.reason()}; what is not recorded yet, the next launch records")
                    self._end()

    def _end(self) -> None:
        workers = sys.modules.get("ploutos.apps.workers")
        if workers is not None:
            with contextlib.suppress(Exception):
                workers.kill()
                workers.clean_shared_memory()
        os._exit(self.code)


def say(line: str) -> None:
    """Write a line to stderr, past Python's buffers, if there is still somebody to read it."""
    with contextlib.suppress(OSError):
        os.write(2, f"ploutos: {line}\n".encode())


interrupts = Interrupts()
