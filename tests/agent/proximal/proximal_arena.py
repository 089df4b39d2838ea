"""Small worlds for the trainers, and sb3-contrib's trainer beside ours on the same."""

import numpy as np
import torch
from gymnasium import spaces
from sb3_contrib import RecurrentPPO
from stable_baselines3.common.logger import Logger
from stable_baselines3.common.vec_env import VecEnv

from ploutos.agent.proximal.learner import SequencePPO
from ploutos.agent.proximal.sequence_policy import FusedMlpLstmPolicy

SETTINGS = {"n_steps": 12, "batch_size": 48, "n_epochs": 1, "gamma": 0.9, "gae_lambda": 0.8, "device": "cpu"}
WIDTHS = {"lstm_hidden_size": 8, "net_arch": {"pi": [6], "vf": [5]}}
DISCRETE, BOX = spaces.Discrete(3), spaces.Box(-0.5, 0.5, (2,), np.float32)


class Recall(VecEnv):
    """Shows a sign at an episode's start and pays for naming it in every step; the rest is noise.

    Environment i has episodes of `lengths[i]` steps. Odd environments end, even ones are cut off by a time
    limit.
    """

    render_mode = None

    def __init__(self, lengths, action_space=DISCRETE, width=3):
        super().__init__(len(lengths), spaces.Box(-9, 9, (width,), np.float32), action_space)
        self.lengths = np.asarray(lengths)
        self.rng = np.random.default_rng(5)

    def _noise(self):
        noise = self.rng.normal(0.0, 0.3, (self.num_envs, self.observation_space.shape[0]))
        noise[:, 0] = np.where(self.at == 0, self.sign, 0.0)
        return noise.astype(np.float32)

    def reset(self):
        self.at = np.zeros(self.num_envs, int)
        self.sign = self.rng.choice([-1.0, 1.0], self.num_envs)
        return self._noise()

    def step_async(self, actions):
        self.actions = np.asarray(actions).reshape(self.num_envs, -1)

    def step_wait(self):
        said = self.actions[:, 0] - (1 if isinstance(self.action_space, spaces.Discrete) else 0)
        rewards = (said * self.sign).astype(np.float32)
        self.at += 1
        seen, dones = self._noise(), self.at >= self.lengths
        infos = [{} for _ in dones]
        for i in np.flatnonzero(dones):
            infos[i] = {
                "terminal_observation": seen[i].copy(),
                "TimeLimit.truncated": i % 2 == 0,
                "episode": {"r": float(rewards[i]), "l": int(self.at[i])},
            }
        self.at[dones] = 0
        self.sign = np.where(dones, self.rng.choice([-1.0, 1.0], self.num_envs), self.sign)
        fresh = self._noise()
        return np.where(dones[:, None], fresh, seen), rewards, dones, infos

    def state_dict(self):
        return {"at": self.at, "sign": self.sign, "generator": repr(self.rng.bit_generator.state)}

    def load_state_dict(self, state):
        self.at, self.sign = state["at"].copy(), state["sign"].copy()
        self.rng.bit_generator.state = eval(state["generator"])

    def close(self):
        pass

    def get_attr(self, attr_name, indices=None):
        return [getattr(self, attr_name)] * self.num_envs

    def set_attr(self, attr_name, value, indices=None):
        raise AttributeError

    def env_method(self, method_name, *args, indices=None, **kwargs):
        raise AttributeError

    def env_is_wrapped(self, wrapper_class, indices=None):
        return [False] * self.num_envs


def spread(policy, seed=0):
    """Give every weight a definite value, so that memories and heads matter."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in policy.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.4)


def pair(make_env, *, sequence_steps, policy=FusedMlpLstmPolicy, kwargs=None, **changed):
    """Return our learner and sb3-contrib's with the same weights, settings and environment."""
    settings = SETTINGS | changed
    widths = WIDTHS | (kwargs or {})
    ours = SequencePPO(
        policy, make_env(), sequence_steps=sequence_steps, policy_kwargs=widths, seed=3, **settings
    )
    theirs = RecurrentPPO("MlpLstmPolicy", make_env(), policy_kwargs=widths, seed=3, **settings)
    for model in (ours, theirs):
        spread(model.policy)
        model.set_logger(Logger(folder=None, output_formats=[]))
    return ours, theirs


def play(model, rollouts=1):
    """Start the model's world and play rollouts without learning."""
    torch.manual_seed(1)
    _, callback = model._setup_learn(10**6, None)
    for _ in range(rollouts):
        model.collect_rollouts(model.env, callback, model.rollout_buffer, model.n_steps)
    return model.rollout_buffer
