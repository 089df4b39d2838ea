"""Runs children side by side and keeps what they found; what is kept already is not run again."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.learning.run import Run
from benchmarks.machine import ROOT
from benchmarks.timing import ONE_THREAD, progress

Found = dict[str, Any]


class Pool:
    """Results in `folder`, one file a run; `jobs` children at a time.

    Attributes
    ----------
    failed : by name of the run, the last line that it said.
    """

    def __init__(self, folder: Path, jobs: int) -> None:
        self.folder = folder
        self.jobs = jobs
        self.failed: dict[str, str] = {}
        self._children: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()

    def results(self, runs: Sequence[Run]) -> dict[Run, Found]:
        """Return what every run found, without those that failed."""
        missing = [run for run in runs if self.read(run) is None]
        done = f"{len(runs) - len(missing)} of {len(runs)} are there"
        progress(f"learning: {runs[0].kind if runs else 'nothing'}: {done}")
        with ThreadPoolExecutor(self.jobs) as threads:
            try:
                waiting = [threads.submit(self._do, run, k, len(missing)) for k, run in enumerate(missing, 1)]
                for each in waiting:
                    each.result()
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                self._end()
                raise
        found = {run: self.read(run) for run in runs}
        return {run: what for run, what in found.items() if what is not None}

    def read(self, run: Run) -> Found | None:
        """Return what the run found when it was done, None where it has to be done."""
        try:
            found: Found = json.loads(self.path(run).read_text())
        except (OSError, ValueError):
            return None
        return found

    def path(self, run: Run) -> Path:
        """Return where the result of `run` lies."""
        return self.folder / f"{run.name}.json"

    def _do(self, run: Run, number: int, of: int) -> None:
        progress(f"learning: {number}/{of} {run.name}")
        begin = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="ploutos-learning-") as name:
            spec = Path(name) / "run.json"
            spec.write_text(json.dumps(run.as_dict()))
            files = [str(spec), str(self.path(run))]
            if run.kind == "reference":
                files.append(str(self.path(run.tuning())))
            child = self._start(files, run.threads)
            _, said = child.communicate()
        with self._lock:
            self._children.discard(child)
        if child.returncode:
            self.failed[run.name] = (said.strip().splitlines() or [f"exit code {child.returncode}"])[-1]
            progress(f"learning: {run.name} failed: {self.failed[run.name]}")
        else:
            progress(f"learning: {run.name} took {time.perf_counter() - begin:.0f} s")

    def _start(self, files: list[str], threads: int) -> "subprocess.Popen[str]":
        settings = dict.fromkeys(ONE_THREAD, str(threads))
        command = [sys.executable, "-m", "benchmarks.learning.child", *files]
        with self._lock:
            child = subprocess.Popen(
                command,
                cwd=ROOT,
                env=os.environ | settings,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            self._children.add(child)
        return child

    def _end(self) -> None:
        with self._lock:
            for child in self._children:
                child.terminate()
