"""Same network, same hyperparameters: what ours learns over time is what sb3-contrib's learns."""

import numpy as np
import pytest
import torch
from proximal_arena import Recall
from sb3_contrib import RecurrentPPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import Logger

from ploutos.agent.proximal.learner import SequencePPO
from ploutos.agent.proximal.sequence_policy import FusedMlpLstmPolicy

SETTINGS = {
    "n_steps": 32,
    "batch_size": 128,
    "n_epochs": 4,
    "learning_rate": 4e-3,
    "gamma": 0.5,
    "gae_lambda": 0.9,
    "policy_kwargs": {"lstm_hidden_size": 16, "net_arch": []},
    "device": "cpu",
}
LENGTHS = [6, 7, 8, 9, 10, 11, 6, 7, 8, 9, 10, 11, 6, 7, 8, 9]
ROLLOUTS, SEEDS = 20, 5


class Curve(BaseCallback):
    """Notes the mean reward of every rollout; 1 is the best."""

    def _on_training_start(self):
        self.means, self.rewards = [], []

    def _on_step(self):
        self.rewards.append(self.locals["rewards"].mean())
        return True

    def _on_rollout_end(self):
        self.means.append(np.mean(self.rewards))
        self.rewards = []


def curves(make):
    found = []
    for seed in range(SEEDS):
        model, curve = make(Recall(LENGTHS), seed), Curve()
        model.set_logger(Logger(folder=None, output_formats=[]))
        model.learn(ROLLOUTS * 32 * len(LENGTHS), callback=curve)
        found.append(curve.means)
    return np.array(found)


@pytest.mark.slow
def test_same_learning_curve_within_seed_noise():
    torch.set_num_threads(1)
    ours = curves(
        lambda env, seed: SequencePPO(FusedMlpLstmPolicy, env, sequence_steps=32, seed=seed, **SETTINGS)
    )
    theirs = curves(lambda env, seed: RecurrentPPO("MlpLstmPolicy", env, seed=seed, **SETTINGS))
    # The first rollout of a seed is the same; later ones differ, as minibatches are drawn otherwise.
    np.testing.assert_allclose(ours[:, 0], theirs[:, 0], atol=1e-5)
    early, late = slice(4, 12), slice(-4, None)
    for part in (early, late):
        a, b = ours[:, part].mean(axis=1), theirs[:, part].mean(axis=1)
        noise = np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / SEEDS)
        assert abs(a.mean() - b.mean()) < 3.0 * max(noise, 0.01)
    assert theirs[:, late].mean() > 0.6 and ours[:, late].mean() > 0.6
