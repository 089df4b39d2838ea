"""Where the progress and the curves of a training go: a file for the launcher, MLflow, the checkpoint."""

import json
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from ploutos.tracking.run import Run
from ploutos.types.checkpoints import Checkpoints, State

FLUSH_SECONDS = 5.0  # between two writes of curves to MLflow
TELL_SECONDS = 0.2  # between two writes of progress
RATE_SECONDS = 30.0  # the speed is that of the last so many seconds
log = logging.getLogger(__name__)


def told(figures: dict[str, float]) -> str:
    """Return in words how a training ended, from what `Monitor.outcome` was told; "" for nothing."""
    if "steps" not in figures:
        return ""
    text = f"{figures['steps']:,.0f} steps"
    if "best_step" in figures:
        early = "stopped early, " if figures["stopped_early"] else ""
        text += f" ({early}best on the validation window after {figures['best_step']:,.0f})"
    return text


class JobMonitor:
    """Keeps curves for MLflow and writes progress where the launcher reads it."""

    def __init__(self, folder: Path, run: Run) -> None:
        self.path = folder / "progress.json"
        self.run = run
        self.figures: dict[str, float] = {}
        self.resumed_at: int | None = None
        self._resumes = self._warm = False
        self._history: dict[str, list[tuple[float, float, float]]] = {}
        self._begun = self._flushed = time.monotonic()
        self._told = 0.0
        self._marks: deque[tuple[float, int]] = deque()

    def progress(self, done: int, total: int) -> None:
        """Write `progress.json` atomically, some times a second at most."""
        now = time.monotonic()
        if self._resumes:
            self._resumes, self.resumed_at = False, done
            self.run.tags_later({"ploutos.resumed_at_step": done})
        self._marks.append((now, done))
        if len(self._marks) == 3 and not self._warm:
            self._warm = True
            self._marks.popleft()  # the first steps wait for compilers
        while len(self._marks) > 2 and self._marks[1][0] < now - RATE_SECONDS:
            self._marks.popleft()
        if done < total and now - self._told < TELL_SECONDS:
            return
        self._told = now
        (first, before), elapsed = self._marks[0], now - self._marks[0][0]
        line: dict[str, Any] = {
            "done": done,
            "total": total,
            "seconds": now - self._begun,
            "steps_per_second": (done - before) / elapsed if now > first else 0.0,
            "resumed_at": self.resumed_at,
            "ended": told(self.figures) if done >= total else "",
        }
        self._write(line)
        self.flush()

    def curves(self, values: dict[str, float], step: int) -> None:
        """Keep training curves; they reach MLflow within seconds, while the training runs."""
        now = time.time()
        for name, value in values.items():
            self._history.setdefault(name, []).append((step, value, now))
        self._keep(values, step, now)
        self.flush()

    def outcome(self, figures: dict[str, float]) -> None:
        """Keep how the training ended."""
        self.figures = figures

    def flush(self) -> None:
        """Send curves to MLflow unless that was done a moment ago; a store that is busy gets them later."""
        now = time.monotonic()
        if now - self._flushed < FLUSH_SECONDS:
            return
        self._flushed = now
        self._quietly(self.run.flush)

    def history(self) -> State:
        """Return all curves: by name, rows of step, value and time [n, 3]."""
        return {name: torch.tensor(rows, dtype=torch.float64) for name, rows in self._history.items()}

    def resume(self, history: State) -> None:
        """Put the curves of the interrupted run into this one's; the next progress tells where it goes on."""
        self._resumes = True
        for name, rows in history.items():
            self._history[name] = [tuple(row) for row in rows.tolist()]
            for step, value, at in self._history[name]:
                self._keep({name: value}, int(step), at)

    def _keep(self, values: dict[str, float], step: int, at: float) -> None:
        self._quietly(lambda: self.run.metrics(values, step, at=at))

    def _quietly(self, send: Callable[[], None]) -> None:
        """Send without waiting for a store that is busy; what does not get through is sent later."""
        try:
            with self.run.client.patience.of(0.0):
                send()
        except Exception as error:
            log.warning("curves are sent later: %s", (str(error).splitlines() or [""])[0])

    def _write(self, line: dict[str, Any]) -> None:
        partial = self.path.with_suffix(".tmp")
        partial.write_text(json.dumps(line))
        partial.replace(self.path)


class WithCurves:
    """Checkpoints that hold the curves so far beside the trainer's state: one monitor a seed."""

    def __init__(self, checkpoints: Checkpoints, monitors: Sequence[JobMonitor]) -> None:
        self.checkpoints = checkpoints
        self.monitors = monitors

    def load(self) -> State | None:
        """Return the trainer's state; the monitors get the curves."""
        kept = self.checkpoints.load()
        if kept is None:
            return None
        for monitor, curves in zip(self.monitors, kept["curves"], strict=True):
            monitor.resume(curves)
        state: State = kept["training"]
        return state

    def due(self) -> bool:
        """Return whether it is time to save."""
        return self.checkpoints.due()

    def save(self, state: State) -> None:
        """Keep the state and the curves."""
        curves = [monitor.history() for monitor in self.monitors]
        self.checkpoints.save({"training": state, "curves": curves})
