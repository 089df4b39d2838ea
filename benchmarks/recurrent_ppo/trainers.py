"""Both trainers on the same environment, ready to be timed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sb3_contrib import RecurrentPPO
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.vec_env import VecEnv

from benchmarks.recurrent_ppo.noise_env import NoiseEnv
from benchmarks.timing import Work
from ploutos.agent.proximal.learner import SequencePPO
from ploutos.agent.proximal.sequence_policy import FusedMlpLstmPolicy

ENVS, STEPS, EPISODE = 64, 64, 256
ROLLOUT = ENVS * STEPS
SETTINGS: dict[str, Any] = {"n_steps": STEPS, "batch_size": 1024, "n_epochs": 4, "seed": 0}
WIDTH, ACTIONS, HIDDEN = 1450, 50, 256
NEVER = 10**12

# When episodes begin: one after another, in no order of the environments; all at once every 256 steps; never
# after the reset.
PATTERNS: dict[str, Callable[[], tuple[Any, int]]] = {
    "staggered": lambda: (np.random.default_rng(1).permutation(ENVS) * EPISODE // ENVS + 1, EPISODE),
    "together": lambda: (np.full(ENVS, EPISODE), EPISODE),
    "unbroken": lambda: (np.full(ENVS, NEVER), NEVER),
}


def noise(pattern: str) -> NoiseEnv:
    """Return the environment that costs nothing."""
    first, episode = PATTERNS[pattern]()
    return NoiseEnv(WIDTH, ACTIONS, episode=episode, first=first)


def ours(env: VecEnv, device: str) -> SequencePPO:
    """Return our trainer on sb3-contrib's network."""
    return ready(
        SequencePPO(
            FusedMlpLstmPolicy,
            env,
            sequence_steps=STEPS,
            policy_kwargs={"lstm_hidden_size": HIDDEN},
            device=device,
            **SETTINGS,
        )
    )


def theirs(env: VecEnv, device: str) -> RecurrentPPO:
    """Return sb3-contrib's trainer on its own network."""
    kwargs = {"lstm_hidden_size": HIDDEN}
    return ready(RecurrentPPO("MlpLstmPolicy", env, policy_kwargs=kwargs, device=device, **SETTINGS))


def ready(model: Any) -> Any:
    """Return the model, started and silent."""
    model.set_logger(Logger(folder=None, output_formats=[]))
    model.learn(ROLLOUT)
    return model


def rollouts(model: Any) -> Work:
    """Return what plays rollouts and learns from each."""

    def run(times: int) -> None:
        model.learn(times * ROLLOUT, reset_num_timesteps=False)
        if model.device.type == "cuda":
            torch.cuda.synchronize()

    return run


def parameters(model: Any) -> int:
    """Return how many numbers are trained."""
    return sum(p.numel() for p in model.policy.parameters() if p.requires_grad)
