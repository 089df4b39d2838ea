"""The training environment: many portfolios at random places of the training window."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from stable_baselines3.common.vec_env import VecEnv

from ploutos.env.episode_batch import EpisodeBatch
from ploutos.env.episodes import Episodes
from ploutos.env.spaces import flat_space


class TradingVecEnv(VecEnv):
    """Stable-Baselines3 vector environment without subprocesses.

    Each portfolio starts an episode in cash at a bar drawn by its own generator and is truncated after
    `episode_bars` decisions; it terminates only in ruin (`Ledger.broke`). Observations alternate between two
    buffers: an array that `step` returned is overwritten two steps later; copy what you keep longer.

    Parameters
    ----------
    seed : every portfolio's generator is spawned from it.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}
    render_mode = None
    spec: Any = None  # the `EnvSpec` of one of its portfolios, where it was made from a config

    def __init__(self, batch: EpisodeBatch, *, seed: int) -> None:
        layout = batch.simulator.layout
        super().__init__(batch.size, flat_space(layout), batch.action.space(layout.assets))
        self.batch = batch
        self.simulator = batch.simulator
        self.initial_capital = batch.capital
        self.episodes = Episodes(batch.size, batch.rows, batch.bars, seed)
        self._seed: int | None = None
        self._earned = np.zeros(batch.size)
        self._actions: npt.NDArray[Any] = np.zeros(0)

    def _start(self, who: npt.NDArray[np.int64]) -> None:
        self.batch.start(who, self.episodes.draw(who))
        self._earned[who] = 0.0

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Seed the generators of all portfolios at the next `reset`; None leaves them alone."""
        self._seed = seed
        return [seed] * self.num_envs

    def reset(self) -> npt.NDArray[np.float32]:
        """Start every portfolio on a new episode and return observations [B, D]."""
        if self._seed is not None:
            self.episodes.seed(self._seed)
            self._seed = None
        self._start(np.arange(self.num_envs))
        return self.batch.observe()

    def step_async(self, actions: npt.NDArray[Any]) -> None:
        """Keep the actions [B, ...] for `step_wait`."""
        self._actions = actions

    def step_wait(self) -> tuple[Any, npt.NDArray[np.float32], npt.NDArray[np.bool_], list[dict[str, Any]]]:
        """Return observations [B, D], rewards [B], dones [B] and infos."""
        batch = self.batch
        rewards, ruined, over = batch.step(self._actions)
        observations = batch.seen
        self._earned += rewards
        dones = ruined | over
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        if dones.any():
            finished = np.flatnonzero(dones)
            for index in finished:
                infos[index] = {
                    "terminal_observation": observations[index].copy(),
                    "TimeLimit.truncated": not ruined[index],
                    "episode": {"r": float(self._earned[index]), "l": int(batch.elapsed[index])},
                }
            self._start(finished)
            batch.observe(finished)
        return observations, rewards.astype(np.float32), dones, infos

    def state_dict(self) -> dict[str, Any]:
        """Return everything that decides what happens next: arrays, and the generators as JSON."""
        simulator = self.simulator
        return {
            "ledger": {name: array.copy() for name, array in simulator.ledger._asdict().items()},
            "row": simulator.row.copy(),
            "scenario": simulator.scenario.copy(),
            "elapsed": self.batch.elapsed.copy(),
            "earned": self._earned.copy(),
            "memory": self.batch.memory.copy(),
            "generators": self.episodes.state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> npt.NDArray[np.float32]:
        """Continue from what `state_dict` returned and return the observations [B, D] of that moment."""
        simulator, batch = self.simulator, self.batch
        for name, array in state["ledger"].items():
            getattr(simulator.ledger, name)[...] = array
        simulator.row[...], simulator.scenario[...] = state["row"], state["scenario"]
        batch.elapsed[...], self._earned[...] = state["elapsed"], state["earned"]
        batch.memory = state["memory"].copy()
        self.episodes.restore(state["generators"])
        return batch.observe()

    def close(self) -> None:
        """Stop the threads that step it."""
        self.simulator.close()

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
