"""Stable-Baselines3 and sb3-contrib as one would use them: default policies, networks and hyperparameters."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sb3_contrib import RecurrentPPO
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecNormalize

from benchmarks.learning.arena import Arena
from benchmarks.learning.clock import ENDLESS, Clock, Marks, Moment
from benchmarks.learning.run import Run
from ploutos.env.action.decode import decode
from ploutos.env.portfolio import Portfolio
from ploutos.types import Action, Policy


class PeerPolicy:
    """A model that was set aside, with what it knew of the observations' scale."""

    def __init__(self, model: Any, scale: VecNormalize, arena: Arena) -> None:
        self.policy = copy.deepcopy(model.policy)
        self.policy.set_training_mode(False)
        self.rms, self.clip, self.epsilon = copy.deepcopy(scale.obs_rms), scale.clip_obs, scale.epsilon
        self.environment: Portfolio = arena.environment
        self.layout = arena.environment.layout(arena.market)

    def reset(self, batch: int) -> None:
        """Return no state: the model makes its own."""

    def act(self, observation: npt.NDArray[np.float32], state: Any) -> Action:
        """Take the mode of the distribution."""
        scaled = (observation - self.rms.mean) / np.sqrt(self.rms.var + self.epsilon)
        seen = np.clip(scaled, -self.clip, self.clip).astype(np.float32)
        first = np.full(len(seen), state is None)
        value, state = self.policy.predict(seen, state=state, episode_start=first, deterministic=True)
        targets = decode(self.environment.action, self.layout, observation, value)
        return Action(value, targets, np.ones(targets.shape), state)

    def save(self, folder: Path) -> None:
        """Refuse."""
        raise NotImplementedError


class _ByTheClock(BaseCallback):
    """Ends the training when the time is up."""

    def __init__(self, marks: Marks, keep: Callable[[Moment], None]) -> None:
        super().__init__()
        self.marks = marks
        self.keep = keep

    def _on_step(self) -> bool:
        if self.marks.due():
            self.marks.meet(self.num_timesteps, self.keep)
        return not self.marks.over()


def train(run: Run, arena: Arena, folder: Path) -> list[tuple[Moment, Callable[[], Policy]]]:
    """Return the moments and their policies."""
    _compile(arena)
    env = VecNormalize(arena.environment.vec_env(arena.market, arena.train, run.seed))
    if run.agent == "sb3_ppo":
        model = PPO("MlpPolicy", env, seed=run.seed, device="cpu")
    else:
        model = RecurrentPPO("MlpLstmPolicy", env, seed=run.seed, device="cpu")
    marks = Marks(Clock(run.clock, run.threads), run.marks)
    kept: list[tuple[Moment, Callable[[], Policy]]] = []

    def keep(moment: Moment) -> None:
        policy = PeerPolicy(model, env, arena)
        kept.append((moment, lambda: policy))

    marks.clock.start()
    model.learn(ENDLESS, callback=_ByTheClock(marks, keep))
    return kept


def _compile(arena: Arena) -> None:
    """Play a bar, so that kernels which no process has needed before are compiled off the clock."""
    env = arena.environment.vec_env(arena.market, arena.train, 0)
    env.reset()
    env.step(np.zeros((env.num_envs, *env.action_space.shape), np.float32))
