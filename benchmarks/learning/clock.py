"""Training by the clock: when to set a policy aside, when to stop, and how far the schedule is."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ploutos.agent.schedule.base import Schedule
from ploutos.agent.stopping.watch import Watch
from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio
from ploutos.types import Policy

ENDLESS = 10**12  # environment steps that no clock allows


class Clock:
    """Seconds of training since `start`; setting policies aside does not count.

    Parameters
    ----------
    kind : wall, or cpu: processor seconds of the whole process over its threads.
    """

    def __init__(self, kind: str, threads: int) -> None:
        self._read: Callable[[], float] = time.perf_counter
        if kind == "cpu":
            self._read = lambda: time.process_time() / threads
        self._since: float | None = None
        self._before = 0.0

    def start(self) -> None:
        """Go on."""
        self._since = self._read()

    def pause(self) -> None:
        """Stop counting."""
        self._before, self._since = self.seconds(), None

    def seconds(self) -> float:
        """Return what has passed while the clock was going."""
        return self._before + (self._read() - self._since if self._since is not None else 0.0)


@dataclass(frozen=True)
class Moment:
    """A policy that was set aside: planned for `mark`, after `seconds` and `steps` environment steps."""

    mark: float
    seconds: float
    steps: int


class Marks:
    """Which moments are due."""

    def __init__(self, clock: Clock, marks: tuple[float, ...]) -> None:
        self.clock = clock
        self.ahead = list(marks)
        self.last = marks[-1]
        self.met: list[Moment] = []

    def due(self) -> bool:
        """Return whether a moment has come."""
        return bool(self.ahead) and self.clock.seconds() >= self.ahead[0]

    def over(self) -> bool:
        """Return whether the last moment has been met."""
        return not self.ahead

    def meet(self, steps: int, keep: Callable[[Moment], object]) -> None:
        """Set aside, with the clock stopped, by `keep`, under every mark that has passed."""
        self.clock.pause()
        seconds = self.clock.seconds()
        while self.ahead and seconds >= self.ahead[0]:
            moment = Moment(self.ahead.pop(0), seconds, steps)
            keep(moment)
            self.met.append(moment)
        self.clock.start()


class Deadline:
    """A stopping rule: training ends when the time is up, and its last policy is the result."""

    def __init__(self, marks: Marks, folder: Path) -> None:
        self.marks = marks
        self.folder = folder

    @property
    def needs_validation(self) -> bool:
        """False."""
        return False

    def watch(self, environment: Portfolio, market: Market, validation: slice) -> Watch:
        """Start the clock."""
        self.marks.clock.start()
        return DeadlineWatch(self, environment, market, validation)


class DeadlineWatch(Watch):
    """Saves the policy at every mark; judges nothing."""

    def __init__(self, deadline: Deadline, environment: Portfolio, market: Market, rows: slice) -> None:
        super().__init__(
            environment=environment,
            market=market,
            rows=rows,
            every_steps=1,
            patience_steps=1,
            figure="sharpe",
        )
        self.marks = deadline.marks
        self.folder = deadline.folder

    def due(self, done: int, *, last: bool) -> bool:
        """Return whether a mark has passed."""
        return self.marks.due()

    def look(self, policy: Policy, done: int) -> dict[str, float]:
        """Save `policy`; tell nothing of it."""
        self.marks.meet(done, lambda moment: policy.save(self.folder / f"{moment.mark:g}"))
        return {}

    def over(self) -> bool:
        """Return whether the time is up."""
        return self.marks.over()

    def state(self) -> dict[str, Any]:
        """Refuse: seconds cannot be resumed."""
        raise NotImplementedError("a training by the clock keeps no checkpoints")


class Timed:
    """A schedule that goes by the share of the time instead of the steps."""

    def __init__(self, schedule: Schedule, marks: Marks) -> None:
        self.schedule = schedule
        self.marks = marks

    def factor(self, progress: float) -> float:
        """Return the factor of what share of the time has passed."""
        return self.schedule.factor(min(self.marks.clock.seconds() / self.marks.last, 1.0))
