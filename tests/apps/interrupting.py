"""Jobs that are under way, and what a launch left in its folder."""

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ploutos.tracking.mlflow import Mlflow, Store


def store_of(folder: Path) -> Store:
    return Mlflow(folder=str(folder / "mlruns"), experiment="ploutos", busy_timeout_seconds=60.0).open()


def newest(folder: Path, pattern: str) -> Any:
    return json.loads(max(folder.glob(pattern), key=lambda p: p.stat().st_mtime).read_text())


def weights(folder: Path, run_id: str) -> str:
    return hashlib.sha256(store_of(folder).artifact(run_id, "policy/weights.pt").read_bytes()).hexdigest()


def wait_until(condition: Callable[[], Any]) -> Any:
    for _ in range(3000):
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("waited for five minutes")


def running_jobs(folder: Path) -> list[tuple[int, Path]]:
    """Return process and folder of the jobs that run below `folder`."""
    jobs = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_text().split("\0")
        except OSError:
            continue
        if "ploutos.apps.job" in words and words[3].startswith(str(folder)):
            jobs.append((int(entry.parent.name), Path(words[3])))
    return jobs


def job_beyond(folder: Path, step: int) -> tuple[int, dict[str, Any]]:
    """Wait for a job that trains and has done `step` steps; return its process and its progress."""

    def look() -> tuple[int, dict[str, Any]] | None:
        for process, home in running_jobs(folder):
            if (home / "progress.json").is_file():
                told = json.loads((home / "progress.json").read_text())
                if step <= told["done"] < told["total"]:
                    return process, told
        return None

    found: tuple[int, dict[str, Any]] = wait_until(look)
    return found


def checkpoints(folder: Path) -> list[Path]:
    return list((folder / ".ploutos" / "checkpoints").glob("*"))
