"""Runs a job in a child process that dies with this one, and says how it ended."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Outcome:
    """How a guarded job ended: FINISHED, FAILED (it raised) or KILLED, and why."""

    state: str
    reason: str | None


class Controller:
    """The process that launched the study, watched from wherever a job runs.

    On another host it cannot be watched; the scheduler there cleans up.
    """

    def __init__(self, host: str, pid: int) -> None:
        self.host = host
        self.pid = pid

    @classmethod
    def here(cls) -> "Controller":
        """Return this process."""
        return cls(os.uname().nodename, os.getpid())

    def is_gone(self) -> bool:
        """Return True when the controller was on this host and has ended."""
        if self.host != os.uname().nodename:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False


def run_guarded(folder: Path, environment: dict[str, str], controller: Controller) -> Outcome:
    """Run `ploutos.apps.job` on `folder` and wait; its output goes to `job.log` there."""
    command = [sys.executable, "-m", "ploutos.apps.job", str(folder), str(os.getpid())]
    with (folder / "job.log").open("w") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=os.environ | environment
        )
        try:
            while process.poll() is None:
                if controller.is_gone():
                    process.kill()
                time.sleep(POLL_SECONDS)
        except BaseException:
            process.kill()
            process.wait()
            raise
    code = process.returncode
    if code == 0:
        return Outcome("FINISHED", None)
    if code < 0:
        return Outcome("KILLED", f"killed by {signal.Signals(-code).name}")
    told = folder / "reason.txt"
    return Outcome(
        "FAILED", told.read_text() if told.is_file() else f"exit code {code}, see {folder}/job.log"
    )
