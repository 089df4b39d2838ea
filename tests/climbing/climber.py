"""A linear score for each asset, learned by the score-function gradient in the training environment."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from ploutos.agent.training.arrays import as_arrays, as_tensors
from ploutos.agent.training.generators import generator_states, restore_generators
from ploutos.agent.training.training_run import TrainingRun
from ploutos.env.action.decode import decode
from ploutos.types import Action, NonNegativeFloat, PositiveFloat, PositiveInt, checked


class Climber:
    """Plays `bars` bars a round with Gaussian noise on the scores, then takes one step of Adam.

    `pause_seconds` makes a round last, so that there is time to interrupt it.
    """

    @checked
    def __init__(
        self,
        *,
        rounds: PositiveInt,
        bars: PositiveInt,
        learning_rate: PositiveFloat,
        pause_seconds: NonNegativeFloat,
        schedule: Any,
        stopping: Any,
    ) -> None:
        self.rounds = rounds
        self.bars = bars
        self.learning_rate = learning_rate
        self.pause_seconds = pause_seconds
        self.schedule = schedule
        self.stopping = stopping

    @property
    def casts_votes(self) -> bool:
        return False

    @property
    def needs_validation(self) -> bool:
        return self.stopping.needs_validation

    def check(self, environment, market) -> None:
        pass

    def fit(self, environment, market, train, *, validation, seed, monitor, checkpoints):
        torch.manual_seed(seed)
        layout = environment.layout(market)
        network = nn.Linear(len(layout.feature_names), 1)
        adam = torch.optim.Adam(network.parameters())
        env = environment.vec_env(market, train, seed)
        total = self.rounds * self.bars * env.num_envs
        run = TrainingRun(
            total_steps=total,
            network=network,
            monitor=monitor,
            checkpoints=checkpoints,
            watch=self.stopping.watch(environment, market, validation),
        )

        def policy():
            nn.Linear(7, 7)  # draws numbers, as building a network does
            return Linear(network, environment.action, layout)

        def state():
            return {
                "network": network.state_dict(),
                "adam": adam.state_dict(),
                "env": as_tensors(env.state_dict()),
                "generators": generator_states(),
            }

        kept = run.resume()
        if kept is None:
            seen = env.reset()
        else:
            network.load_state_dict(kept["network"])
            adam.load_state_dict(kept["adam"])
            seen = env.load_state_dict(as_arrays(kept["env"]))
            restore_generators(kept["generators"])
        done = run.done
        while run.boundary(done, state=state, policy=policy):
            rate = self.learning_rate * self.schedule.factor(done / total)
            seen, earned = self._round(env, network, adam, rate, layout, seen)
            done += self.bars * env.num_envs
            monitor.curves({"train/reward": earned, "train/learning_rate": rate}, done)
            time.sleep(self.pause_seconds)
        run.finish()
        return Linear(network, environment.action, layout)

    def _round(self, env, network, adam, rate, layout, seen):
        loss, earned = torch.zeros(()), 0.0
        for _ in range(self.bars):
            scores = scored(network, layout, seen)
            said = scores.detach() + torch.randn(scores.shape)
            seen, rewards, _, _ = env.step(with_cash(said))
            likely = -0.5 * (said - scores).square().sum(dim=1)
            loss = loss - (likely * torch.as_tensor(rewards - rewards.mean())).mean()
            earned += float(rewards.mean())
        adam.param_groups[0]["lr"] = rate
        adam.zero_grad()
        loss.backward()
        adam.step()
        return seen, earned

    def load(self, folder: Path, environment, market):
        layout = environment.layout(market)
        network = nn.Linear(len(layout.feature_names), 1)
        network.load_state_dict(torch.load(folder / "weights.pt", weights_only=True))
        return Linear(network, environment.action, layout)


def scored(network, layout, observation):
    return network(torch.nan_to_num(torch.tensor(layout.features(observation)))).squeeze(-1)


def with_cash(scores):
    return np.concatenate([scores.numpy(), np.zeros((len(scores), 1), np.float32)], axis=1)


class Linear:
    """Holds more of what scores higher."""

    def __init__(self, network, action, layout) -> None:
        self.network, self.action, self.layout = network, action, layout

    def reset(self, batch):
        return None

    @torch.no_grad()
    def act(self, observation, state):
        value = with_cash(scored(self.network, self.layout, observation))
        targets = decode(self.action, self.layout, observation, value)
        return Action(value, targets, np.ones(targets.shape), None)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        torch.save(self.network.state_dict(), folder / "weights.pt")
