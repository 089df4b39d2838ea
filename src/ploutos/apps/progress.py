"""Shows how far the jobs of a launch are: a bar on a terminal, lines elsewhere."""

import threading
import time
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ploutos.apps.job_progress import JobProgress, clock, read_jobs, seconds_left, share, speed

POLL_SECONDS = 0.5
LINE_SECONDS = 30.0  # between two lines about a job that trains, where there is no terminal


class StudyProgress:
    """A thread that follows `progress.json` of every job folder below `folder` until `stop`.

    On a terminal it draws a bar with the speed and the time left; elsewhere it prints a line whenever a job
    has gone on from a checkpoint, has trained for another while, or has been trained.
    """

    def __init__(self, console: Console, folder: Path, jobs: int) -> None:
        self.console = console
        self.folder = folder
        self.jobs = jobs
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._resumed: set[str] = set()
        self._trained: set[str] = set()
        self._next_line: dict[str, float] = {}

    def start(self) -> None:
        """Start following."""
        self._thread.start()

    def stop(self) -> None:
        """Stop following and clear the bar."""
        self._stopped.set()
        self._thread.join()

    def _follow(self) -> None:
        if self.console.is_terminal:
            self._draw()
        else:
            while not self._stopped.wait(POLL_SECONDS):
                self._announce(read_jobs(self.folder))
            self._announce(read_jobs(self.folder))

    def _draw(self) -> None:
        columns = (
            TextColumn("{task.fields[doing]}"),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f} %  {task.fields[told]}"),
            TimeElapsedColumn(),
            TextColumn("left {task.fields[left]}"),
        )
        with Progress(*columns, console=self.console, transient=True) as bar:
            task = bar.add_task("", total=self.jobs, doing="starting", told="", left=clock(None))
            while not self._stopped.wait(POLL_SECONDS):
                jobs = read_jobs(self.folder)
                if not jobs:
                    continue
                over = all(job.trained for job in jobs)
                bar.update(
                    task,
                    completed=share(jobs),
                    doing="backtest" if over else "training",
                    told=self._numbers(jobs),
                    left=clock(seconds_left(jobs, self.jobs)),
                )

    def _numbers(self, jobs: list[JobProgress]) -> str:
        """Return steps where there is one job, jobs where there are many, and the speed of them all."""
        if self.jobs == 1:
            told = f"{jobs[0].done:,}/{jobs[0].total:,} steps"
        else:
            told = f"{sum(job.trained for job in jobs)}/{self.jobs} runs"
        now = speed(jobs)
        return f"{told}  {now:,.0f} steps/s" if now else told

    def _announce(self, jobs: list[JobProgress]) -> None:
        now = time.monotonic()
        for job in jobs:
            name = job.name if self.jobs > 1 else "the run"
            if job.resumed_at is not None and job.name not in self._resumed:
                self._resumed.add(job.name)
                self._say(f"{name} goes on at step {job.resumed_at:,}")
            if job.name in self._trained:
                continue
            if job.trained:
                self._trained.add(job.name)
                how = job.ended or f"{job.total:,} steps"
                of = f"({len(self._trained)} of {self.jobs})"
                self._say(f"trained {name}: {how} in {job.seconds:.0f} s {of}")
            elif job.steps_per_second and now >= self._next_line.setdefault(job.name, now + LINE_SECONDS):
                self._next_line[job.name] = now + LINE_SECONDS
                self._say(
                    f"{name}: {job.done:,} of {job.total:,} steps, {job.steps_per_second:,.0f} steps/s,"
                    f" {clock(seconds_left([job], 1))} left"
                )

    def _say(self, text: str) -> None:
        self.console.print(
            f"{time.strftime('%H:%M:%S')} {text}", highlight=False, markup=False, soft_wrap=True
        )
