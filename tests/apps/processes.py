"""The processes of a command that was started in a session of its own."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

CLEANERS = "resource_tracker"  # joblib's and Python's own: they end when all others have


def of_session(session: int, *, without: int | None = None) -> dict[int, str]:
    """Return number and command line of the processes of a session, but for cleaners and ended ones."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            words = (entry / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] not in "ZX" and CLEANERS not in words:
            found[int(entry.name)] = words
    found.pop(without or 0, None)
    return found


def seconds_until(condition: Callable[[], Any], *, at_most: float = 300) -> float:
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < at_most, f"waited for {at_most} s"
        time.sleep(0.02)
    return time.monotonic() - begun


def shared_memory_of(process: int) -> list[str]:
    """Return what joblib has left under the number of a process."""
    return [path.name for path in Path("/dev/shm").glob(f"*[-_]{process}[-_]*")]


def send(process: "subprocess.Popen[str]", *signals: signal.Signals, to_all: bool) -> None:
    """Send signals to a command, or to all of its process group as a terminal does."""
    for number in signals:
        try:
            (os.killpg if to_all else os.kill)(process.pid, number)
        except ProcessLookupError:
            return
        time.sleep(0.1)
