"""How the policies of one training did on the validation window so far."""

from typing import Any

from ploutos.agent.stopping.evaluation import evaluate
from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio
from ploutos.types import Policy


class Watch:
    """Looks at a training every `every_steps` steps and knows when its best policy was met.

    Attributes
    ----------
    best_step : environment step of the best policy, 0 before the first look.
    best_value : its `figure`.
    """

    def __init__(
        self,
        *,
        environment: Portfolio,
        market: Market,
        rows: slice,
        every_steps: int,
        patience_steps: int,
        figure: str,
    ) -> None:
        self.environment = environment
        self.market = market
        self.rows = rows
        self.every_steps = every_steps
        self.patience_steps = patience_steps
        self.figure = figure
        self.best_step = 0
        self.best_value = 0.0
        self._last_look = 0

    def due(self, done: int, *, last: bool) -> bool:
        """Return whether the policy at step `done` is to be judged; the last one always is, once."""
        passed = done // self.every_steps > self._last_look // self.every_steps
        return done > self._last_look and (passed or last)

    def look(self, policy: Policy, done: int) -> dict[str, float]:
        """Judge `policy`, that of step `done`; return its figures. `best_step` is `done` if it is best."""
        figures = evaluate(policy, self.environment, self.market, self.rows)
        if self.best_step == 0 or figures[self.figure] > self.best_value:
            self.best_step, self.best_value = done, figures[self.figure]
        self._last_look = done
        return figures

    def over(self) -> bool:
        """Return whether the looks of `patience_steps` have found no better policy."""
        return self.best_step > 0 and self._last_look - self.best_step >= self.patience_steps

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs."""
        return {"best_step": self.best_step, "best_value": self.best_value, "last_look": self._last_look}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        self.best_step, self.best_value = int(state["best_step"]), float(state["best_value"])
        self._last_look = int(state["last_look"])
