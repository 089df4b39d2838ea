"""The training environment: many portfolios at random places of the training window."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from stable_baselines3.common.vec_env import VecEnv

from ploutos.env.action.base import ActionSpace
from ploutos.env.action.decode import decode
from ploutos.env.reward.log_return import LogReturn
from ploutos.env.simulator import Simulator


class TradingVecEnv(VecEnv):
    """Stable-Baselines3 vector environment without subprocesses.

    Each portfolio starts an episode in cash at a bar drawn by its own generator and is truncated after
    `episode_bars` decisions; nothing terminates. Observations alternate between two buffers: an array
    that `step` returned is overwritten two steps later.

    Parameters
    ----------
    rows : the window's rows [start, stop) of the market; fills and marks stay inside it.
    seed : every portfolio's generator is spawned from it.
    """

    render_mode = None

    def __init__(
        self,
        *,
        simulator: Simulator,
        action: ActionSpace,
        reward: LogReturn,
        rows: slice,
        episode_bars: int,
        initial_capital: float,
        seed: int,
    ) -> None:
        batch = len(simulator.row)
        layout = simulator.layout
        box = spaces.Box(-np.inf, np.inf, (layout.size,), np.float32)
        super().__init__(batch, box, action.space(layout.assets))
        self.simulator = simulator
        self.action = action
        self.reward = reward
        self.rows = rows
        self.episode_bars = episode_bars
        self.initial_capital = initial_capital
        self.generators = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(batch)]
        self.elapsed = np.zeros(batch, np.int64)
        self._earned = np.zeros(batch)
        self._buffers = (
            np.zeros((batch, layout.size), np.float32),
            np.zeros((batch, layout.size), np.float32),
        )
        self._turn = 0
        self._actions: npt.NDArray[Any] = np.zeros(0)

    def _start(self, index: int) -> None:
        last = self.rows.stop - 1 - self.episode_bars
        self.simulator.row[index] = self.generators[index].integers(self.rows.start, last + 1)
        self.simulator.ledger.reset(index, self.initial_capital)
        self.elapsed[index] = 0
        self._earned[index] = 0.0

    def _observe(self) -> npt.NDArray[np.float32]:
        self._turn = 1 - self._turn
        return self.simulator.observe(self._buffers[self._turn])

    def reset(self) -> npt.NDArray[np.float32]:
        """Start every portfolio on a new episode and return observations [B, D]."""
        for index in range(self.num_envs):
            self._start(index)
        return self._observe()

    def step_async(self, actions: npt.NDArray[Any]) -> None:
        """Keep the actions [B, ...] for `step_wait`."""
        self._actions = actions

    def step_wait(self) -> tuple[Any, npt.NDArray[np.float32], npt.NDArray[np.bool_], list[dict[str, Any]]]:
        """Return observations [B, D], rewards [B], dones [B] and infos."""
        simulator = self.simulator
        before = simulator.ledger.equity.copy()
        seen = self._buffers[self._turn]
        simulator.step(decode(self.action, simulator.layout, seen, self._actions))
        rewards = self.reward(before, simulator.ledger.equity)
        self.elapsed += 1
        self._earned += rewards
        dones = self.elapsed >= self.episode_bars
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        observations = self._observe()
        if dones.any():
            finished = np.flatnonzero(dones)
            for index in finished:
                infos[index] = {
                    "terminal_observation": observations[index].copy(),
                    "TimeLimit.truncated": True,
                    "episode": {
                        "r": float(self._earned[index]),
                        "l": int(self.elapsed[index]),
                    },
                }
                self._start(int(index))
            simulator.observe(self._buffers[self._turn])
        return observations, rewards, dones, infos

    def close(self) -> None:
        """Nothing to release."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """Return the attribute once per portfolio."""
        return [getattr(self, attr_name) for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Refuse: portfolios share one environment."""
        raise AttributeError(f"'{attr_name}' belongs to all portfolios; set it on the environment itself")

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        """Refuse: portfolios share one environment."""
        raise AttributeError(f"'{method_name}' is not a method of a single portfolio")

    def env_is_wrapped(self, wrapper_class: type[Any], indices: Any = None) -> list[bool]:
        """Return False for every portfolio."""
        return [False for _ in self._get_indices(indices)]

    def _get_indices(self, indices: int | Sequence[int] | None) -> Sequence[int]:
        if indices is None:
            return range(self.num_envs)
        return [indices] if isinstance(indices, int) else indices
