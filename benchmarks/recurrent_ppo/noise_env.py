"""A vector environment that costs nothing: arrays drawn beforehand, episodes of a fixed length."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from stable_baselines3.common.vec_env import VecEnv

DRAWN = 16  # observation arrays, used in turn


class NoiseEnv(VecEnv):
    """Normal observations and rewards; a time limit cuts episodes off.

    Parameters
    ----------
    first : [B], steps of each environment's first episode; all others have `episode`.
    """

    render_mode = None

    def __init__(self, width: int, actions: int, *, episode: int, first: npt.NDArray[np.int64]) -> None:
        envs = len(first)
        box = spaces.Box(-np.inf, np.inf, (width,), np.float32)
        super().__init__(envs, box, spaces.Box(-1.0, 1.0, (actions,), np.float32))
        rng = np.random.default_rng(0)
        self.observations = rng.standard_normal((DRAWN, envs, width), dtype=np.float32)
        self.rewards = rng.standard_normal((DRAWN, envs), dtype=np.float32)
        self.episode, self.first = episode, first
        self.left, self.at = first.copy(), 0

    def reset(self) -> npt.NDArray[np.float32]:
        """Start every first episode."""
        self.left, self.at = self.first.copy(), 0
        return self.observations[0]

    def step_async(self, actions: npt.NDArray[Any]) -> None:
        """Ignore the actions."""

    def step_wait(self) -> tuple[Any, npt.NDArray[np.float32], npt.NDArray[np.bool_], list[dict[str, Any]]]:
        """Return the next arrays."""
        self.at = (self.at + 1) % DRAWN
        self.left -= 1
        dones = self.left <= 0
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for i in np.flatnonzero(dones):
            infos[i] = {"terminal_observation": self.observations[self.at, i], "TimeLimit.truncated": True}
        self.left[dones] = self.episode
        return self.observations[self.at], self.rewards[self.at].copy(), dones, infos

    def close(self) -> None:
        """Nothing to release."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """Return the attribute once an environment."""
        return [getattr(self, attr_name)] * self.num_envs

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Refuse."""
        raise AttributeError(attr_name)

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        """Refuse."""
        raise AttributeError(method_name)

    def env_is_wrapped(self, wrapper_class: type[Any], indices: Any = None) -> Sequence[bool]:
        """Return False for every environment."""
        return [False] * self.num_envs
