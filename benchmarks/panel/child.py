"""Measurements in a process of their own, on two cores."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks.machine import ROOT
from benchmarks.panel.memory import Peak
from benchmarks.timing import ONE_THREAD, cores

CORES = 2


def measured(module: str, arguments: Sequence[str]) -> dict[str, Any]:
    """Run a module that prints JSON; return that, with `anonymous_bytes`, the peak of its private memory.

    The memory is sampled on Linux only; elsewhere it is 0.
    """
    with cores(CORES):
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=os.environ | dict.fromkeys(ONE_THREAD, str(CORES)),
            stdout=subprocess.PIPE,
            text=True,
        )
    with process, Peak(process.pid) as peak:
        try:
            said, _ = process.communicate()
        finally:
            process.kill()
    if process.returncode:
        raise RuntimeError(f"{module} ended with code {process.returncode}")
    told: dict[str, Any] = json.loads(said)
    return told | {"anonymous_bytes": peak.bytes}


def peak_bytes() -> int:
    """Return the peak of this process's resident memory, pages of mapped files included."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
