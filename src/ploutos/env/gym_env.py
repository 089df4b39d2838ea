"""One portfolio behind Gymnasium's interface."""

from typing import Any, ClassVar

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.error import ResetNeeded

from ploutos.env.episode_batch import EpisodeBatch
from ploutos.env.layout import Layout
from ploutos.env.spaces import flat_space, require_actions
from ploutos.env.starts import chosen_start


class TradingEnv(gymnasium.Env):
    """A portfolio that starts in cash, decides at every close and is marked at the next one.

    Terminated only in ruin (`Ledger.broke`), truncated after the episode's decisions. Start rows are drawn by
    `np_random`; `reset(options={"row": ...})` or `{"start": ...}` sets one (see `chosen_start`). Observations
    belong to the caller.

    Infos tell `equity` and `cash`, what the last bar did (`cost` in currency, `turnover` as a share of
    equity, `forced` where a margin call or a limit overruled the decision), and the `row` and `timestamp`
    (close, microseconds since the epoch, UTC) of the bar that was observed.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}
    render_mode = None

    def __init__(self, batch: EpisodeBatch) -> None:
        self.batch = batch
        self.observation_space = flat_space(self.layout)
        self.action_space = batch.action.space(self.layout.assets)
        self._running = False

    @property
    def layout(self) -> Layout:
        """The names of the observation's columns."""
        return self.batch.simulator.layout

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[npt.NDArray[np.float32], dict[str, Any]]:
        """Start an episode; return the first observation [D] and its info.

        Raises
        ------
        ConfigError
            `options` ask for a start that does not exist or leaves no room for an episode.
        """
        super().reset(seed=seed)
        row = chosen_start(options, self.batch)
        row = self.batch.draw(self.np_random) if row is None else row
        self.batch.start(np.zeros(1, np.int64), np.array([row]))
        self._running = True
        return self.batch.observe()[0].copy(), self._info()

    def step(self, action: Any) -> tuple[npt.NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Trade one bar; return observation [D], reward, terminated, truncated and info."""
        if not self._running:
            raise ResetNeeded("no episode is running: call reset() first")
        played = self.batch.step(require_actions(self.action_space, np.asarray(action)[None], 1))
        ruined, over = bool(played.ruined[0]), bool(played.over[0])
        self._running = not (ruined or over)
        return self.batch.seen[0].copy(), float(played.rewards[0]), ruined, over and not ruined, self._info()

    def render(self) -> None:
        """Return None: there are no render modes."""

    def _info(self) -> dict[str, Any]:
        return {name: figure[0].item() for name, figure in self.batch.figures().items()}
