"""The observation by name instead of flat, for one portfolio and for many."""

from typing import Any

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium.vector.utils import batch_space

from ploutos.env.spaces import by_name, dict_space

Parts = dict[str, npt.NDArray[np.float32]]


class DictObservation(gymnasium.ObservationWrapper, gymnasium.utils.RecordConstructorArgs):
    """Observations of a `TradingEnv` as a `Dict` of arrays.

    `features` [N, F]; `member`, `weight`, `unrealised_return`, `holding_bars` [N]; `cash_weight`, `drawdown`,
    `leverage` [1]; `macro` [M] where there are macro columns. Units: see `Layout`.
    """

    def __init__(self, env: gymnasium.Env) -> None:
        gymnasium.utils.RecordConstructorArgs.__init__(self)
        gymnasium.ObservationWrapper.__init__(self, env)
        self.layout = env.unwrapped.layout
        self.observation_space = dict_space(self.layout)

    def observation(self, observation: npt.NDArray[np.float32]) -> Parts:
        """Return the parts of `observation` [D] by name."""
        return {name: part[0] for name, part in by_name(self.layout, observation[None]).items()}


class DictVectorObservation(gymnasium.vector.VectorWrapper):
    """The same for a `TradingVectorEnv`: parts have a leading axis [B], `final_obs` is split as well."""

    def __init__(self, env: gymnasium.vector.VectorEnv) -> None:
        super().__init__(env)
        self.layout = env.unwrapped.layout
        self.single_observation_space = dict_space(self.layout)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)

    def reset(
        self, *, seed: Any = None, options: dict[str, Any] | None = None
    ) -> tuple[Parts, dict[str, Any]]:
        """Start all episodes; return the observations by name and infos."""
        observations, infos = self.env.reset(seed=seed, options=options)
        return by_name(self.layout, observations), infos

    def step(self, actions: Any) -> tuple[Parts, Any, Any, Any, dict[str, Any]]:
        """Trade one bar; return the observations by name and the rest as it is."""
        observations, *rest, infos = self.env.step(actions)
        for index, last in enumerate(infos.get("final_obs", ())):
            if last is not None:
                parts = by_name(self.layout, last[None])
                infos["final_obs"][index] = {name: part[0] for name, part in parts.items()}
        return by_name(self.layout, observations), *rest, infos
