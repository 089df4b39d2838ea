"""Shows how far the jobs of a study are, read from the files that they write."""

import json
import threading
import time
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

POLL_SECONDS = 0.5


class StudyProgress:
    """A thread that follows `progress.json` of every job folder below `folder` until `stop`.

    On a terminal it draws a bar; elsewhere it prints a line whenever a job has started or finished.
    """

    def __init__(self, console: Console, folder: Path, jobs: int) -> None:
        self.console = console
        self.folder = folder
        self.jobs = jobs
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._announced: set[str] = set()

    def start(self) -> None:
        """Start following."""
        self._thread.start()

    def stop(self) -> None:
        """Stop following and clear the bar."""
        self._stopped.set()
        self._thread.join()

    def _read(self) -> dict[str, tuple[int, int, float]]:
        jobs = {}
        for path in self.folder.glob("*/progress.json"):
            try:
                told = json.loads(path.read_text())
            except (OSError, ValueError):
                continue
            jobs[path.parent.name] = (told["done"], told["total"], told["seconds"])
        return jobs

    def _follow(self) -> None:
        if self.console.is_terminal:
            self._draw()
        else:
            while not self._stopped.wait(POLL_SECONDS):
                self._announce()
            self._announce()

    def _draw(self) -> None:
        columns = (
            TextColumn("training"),
            BarColumn(bar_width=30),
            TextColumn("{task.percentage:>3.0f} %"),
            MofNCompleteColumn(),
            TextColumn("jobs  {task.fields[rate]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self.console, transient=True) as bar:
            task = bar.add_task("training", total=self.jobs, rate="")
            while not self._stopped.wait(POLL_SECONDS):
                jobs = self._read()
                share = sum(done / total for done, total, _ in jobs.values())
                running = [(d, s) for d, t, s in jobs.values() if d < t and s > 0]
                rate = sum(d / s for d, s in running)
                bar.update(task, completed=round(share, 2), rate=f"{rate:,.0f} steps/s" if rate else "")

    def _announce(self) -> None:
        for name, (done, total, seconds) in sorted(self._read().items()):
            if name not in self._announced and done >= total:
                self._announced.add(name)
                stamp = time.strftime("%H:%M:%S")
                self.console.print(
                    f"{stamp} trained {name}: {total:,} steps in {seconds:.0f} s"
                    f" ({len(self._announced)} of {self.jobs})",
                    highlight=False,
                )
