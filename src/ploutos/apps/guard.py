"""Runs a job in a child process that dies with this one, and says how it ended."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from ploutos.tracking.controller import Controller

POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Outcome:
    """How a guarded job ended: FINISHED, FAILED (it raised) or KILLED, and why."""

    state: str
    reason: str | None


def run_guarded(folder: Path, environment: dict[str, str], controller: Controller) -> Outcome:
    """Run `ploutos.apps.job` on `folder` and wait; its output goes to `job.log` there.

    `controller` launched the job: where it has ended, on this host, the job is killed.
    """
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
