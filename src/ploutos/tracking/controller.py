"""The process that launched a run: how others tell whether it is still there."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Controller:
    """A process by host, kernel start, process namespace, number and start.

    A number is given again once its process has ended; number and start together are not. What this system
    does not tell is "" (there is no /proc, for example on macOS): the number alone decides there.
    """

    host: str
    boot: str  # id of the kernel's start
    namespace: str  # in which `pid` counts: containers have their own
    pid: int
    started: str  # clock ticks since the kernel's start

    @classmethod
    def here(cls) -> "Controller":
        """Return this process."""
        pid = os.getpid()
        return cls(os.uname().nodename, _boot(), _namespace(), pid, _state(pid)[1])

    @classmethod
    def from_text(cls, text: str | None) -> "Controller | None":
        """Return the process that `text` tells of; None where it tells of none."""
        try:
            told = json.loads(text or "")
            return cls(
                host=str(told["host"]),
                boot=str(told["boot"]),
                namespace=str(told["namespace"]),
                pid=int(told["pid"]),
                started=str(told["started"]),
            )
        except (ValueError, KeyError, TypeError):
            return None

    def as_text(self) -> str:
        """Return a text for `from_text`."""
        return json.dumps(asdict(self))

    def is_gone(self) -> bool:
        """Return True when the process was on this host and has ended.

        On another host or in another container it cannot be looked at and counts as alive.
        """
        if self.host != os.uname().nodename:
            return False
        if self.boot != _boot():
            return True
        if self.namespace != _namespace():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            pass  # it is somebody's; whose, the start tells
        state, started = _state(self.pid)
        return state in ("Z", "X") or bool(started and self.started and started != self.started)


def _state(pid: int) -> tuple[str, str]:
    """Return state and start of a process, "" where they cannot be read."""
    try:
        # The second field is the program's name in brackets and may hold anything.
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
        return fields[0], fields[19]
    except (OSError, IndexError):
        return "", ""


def _boot() -> str:
    try:
        return (PROC / "sys" / "kernel" / "random" / "boot_id").read_text().strip()
    except OSError:
        return ""


def _namespace() -> str:
    try:
        return str((PROC / "self" / "ns" / "pid").readlink())
    except OSError:
        return ""
