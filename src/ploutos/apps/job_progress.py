"""How far the jobs of a launch are, read from the files that they write."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class JobProgress:
    """One job; `ended` says in words how its training ended, "" before."""

    name: str
    done: int
    total: int
    seconds: float
    steps_per_second: float
    resumed_at: int | None
    ended: str

    @property
    def trained(self) -> bool:
        """Return whether the training is over; its backtest may still run."""
        return self.done >= self.total


def read_jobs(folder: Path) -> list[JobProgress]:
    """Return the jobs below `folder` that have begun to train, by name."""
    jobs = []
    for path in sorted(folder.glob("*/progress.json")):
        try:
            jobs.append(JobProgress(name=path.parent.name, **json.loads(path.read_text())))
        except (OSError, ValueError, TypeError):
            continue
    return jobs


def share(jobs: list[JobProgress]) -> float:
    """Return how many trainings are done, fractions included."""
    return sum(job.done / max(job.total, 1) for job in jobs)


def speed(jobs: list[JobProgress]) -> float:
    """Return the steps per second of all jobs that train."""
    return sum(job.steps_per_second for job in jobs if not job.trained)


def seconds_left(jobs: list[JobProgress], expected: int) -> float | None:
    """Return how long training goes on where `expected` jobs make as many steps each as those that began.

    Between two jobs the speed is that of those before. None while none is known.
    """
    past = [job.total / job.seconds for job in jobs if job.trained and job.seconds > 0]
    now = speed(jobs) or (sum(past) / len(past) if past else 0.0)
    if not jobs or now <= 0:
        return None
    waiting = max(expected - len(jobs), 0) * sum(job.total for job in jobs) / len(jobs)
    return (sum(job.total - job.done for job in jobs) + waiting) / now


def clock(seconds: float | None) -> str:
    """Return h:mm:ss, "-:--:--" where it is not known."""
    if seconds is None:
        return "-:--:--"
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
