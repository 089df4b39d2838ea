"""Training curves of the gradient agent."""

from typing import Any

from ploutos.agent.gradient.learner import Figures
from ploutos.types.monitor import Monitor

UPDATES_A_POINT = 20


class Curves:
    """Hands means over some updates to a monitor."""

    def __init__(self, monitor: Monitor) -> None:
        self.monitor = monitor
        self._figures: list[Figures] = []
        self._step = 0
        self._rate = 0.0

    def add(self, figures: Figures, step: int, learning_rate: float) -> None:
        """Take in an update that ended at environment step `step`."""
        self._figures.append(figures)
        self._step, self._rate = step, learning_rate
        if len(self._figures) == UPDATES_A_POINT:
            self.tell()

    def tell(self) -> None:
        """Tell what has been taken in since the last time."""
        if not self._figures:
            return
        # Read once for all of them: on a GPU every look waits for it.
        columns = zip(*self._figures, strict=True)
        mean = Figures(*(sum(column) / len(self._figures) for column in columns))
        values = {
            "train/utility": float(mean.utility),
            "train/growth_bps": 1e4 * float(mean.growth),
            "train/turnover": float(mean.turnover),
            "train/gradient_norm": float(mean.gradient_norm),
            "train/learning_rate": self._rate,
        }
        self._figures.clear()
        self.monitor.curves(values, self._step)

    def state(self) -> dict[str, Any]:
        """Return what has been taken in and not been told, for a checkpoint."""
        figures = [list(figures) for figures in self._figures]
        return {"figures": figures, "step": self._step, "rate": self._rate}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        self._figures = [Figures(*figures) for figures in state["figures"]]
        self._step, self._rate = int(state["step"]), float(state["rate"])
