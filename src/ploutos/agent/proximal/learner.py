"""sb3-contrib's RecurrentPPO through whole sequences."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from sb3_contrib import RecurrentPPO
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.utils import FloatSchedule, explained_variance
from stable_baselines3.common.vec_env import VecEnv
from torch import nn

from ploutos.agent.proximal.collector import collect
from ploutos.agent.proximal.market_baseline import MarketBaseline
from ploutos.agent.proximal.rollout import Minibatch, SequenceRollout
from ploutos.agent.proximal.surrogate import Losses, clipped_losses, normalised
from ploutos.agent.training.divergence import require_finite


class SequencePPO(RecurrentPPO):
    """RecurrentPPO with its settings, callbacks and curves, trained on sequences of one length.

    A rollout is cut every `sequence_steps` steps; a sequence begins with the memory of that moment, which is
    emptied wherever an episode starts inside. Gradients stay within a sequence (truncated back-propagation
    through time). Minibatches hold whole sequences in a new random order, none of their cells is padding.
    Schedules are read at the middle of the rollout that is learned from, of all whole rollouts to come:
    Stable-Baselines3 reads them at its end, where a schedule that falls to 0 wastes the last one.

    Parameters
    ----------
    policy : class of a `SequencePolicy`.
    sequence_steps : divides `n_steps`; 1: single transitions, each with the memory that it was taken with.
    boundary : called after every update with the learner; False ends the training.
    baseline : takes the market's moves out of rewards; None: rewards are as they are.
    sb3 : the other arguments of `sb3_contrib.RecurrentPPO`.
    """

    rollout_buffer: SequenceRollout
    policy: Any  # a SequencePolicy
    clip_range: Any
    clip_range_vf: Any
    _last_lstm_states: RNNStates

    def __init__(
        self,
        policy: Any,
        env: VecEnv,
        *,
        sequence_steps: int,
        boundary: Callable[["SequencePPO"], bool] | None = None,
        baseline: MarketBaseline | None = None,
        **sb3: Any,
    ) -> None:
        self.sequence_steps = sequence_steps
        self.boundary = boundary
        self.baseline = baseline
        self.over = False
        super().__init__(policy, env, **sb3)

    def _setup_model(self) -> None:
        self._setup_lr_schedule()
        self.set_random_seed(self.seed)
        self.policy = self.policy_class(
            self.observation_space, self.action_space, self.lr_schedule, **self.policy_kwargs
        ).to(self.device)
        for group in self.policy.optimizer.param_groups:
            group["fused"] = isinstance(self.policy.optimizer, torch.optim.Adam)  # one pass over the weights
        self._last_lstm_states = self.policy.initial_states(self.n_envs)
        self.rollout_buffer = SequenceRollout(
            self.n_steps,
            self.observation_space,
            self.action_space,
            device=self.device,
            gae_lambda=self.gae_lambda,
            gamma=self.gamma,
            n_envs=self.n_envs,
            empty=self._last_lstm_states,
            sequence_steps=self.sequence_steps,
            seed=self.seed,
        )
        self.clip_range = FloatSchedule(self.clip_range)
        if self.clip_range_vf is not None:
            self.clip_range_vf = FloatSchedule(self.clip_range_vf)

    def collect_rollouts(
        self, env: VecEnv, callback: BaseCallback, rollout_buffer: Any, n_rollout_steps: int
    ) -> bool:
        """Fill the buffer; False where the training is over."""
        return not self.over and collect(self, env, callback, rollout_buffer)

    def _update_current_progress_remaining(self, num_timesteps: int, total_timesteps: int) -> None:
        rollout = self.n_steps * self.n_envs
        whole = rollout * math.ceil(total_timesteps / rollout)
        super()._update_current_progress_remaining(num_timesteps - rollout // 2, whole)

    def train(self) -> None:
        """Update the policy on the rollout."""
        self.policy.set_training_mode(True)
        self._update_learning_rate(self.policy.optimizer)
        told: list[Losses] = []
        for _ in range(self.n_epochs):
            stopped = self._epoch(self.rollout_buffer.minibatches(self.batch_size), told)
            self._n_updates += 1
            if stopped:
                break
        self._record(told)
        self.over = self.boundary is not None and not self.boundary(self)

    def close(self) -> None:
        """Let the environment's threads go, and what hangs on the boundary."""
        self.env.close()
        self.boundary = None

    def _epoch(self, minibatches: Iterable[Minibatch], told: list[Losses]) -> bool:
        """Do a pass over the rollout; return whether the policy moved further than `target_kl` allows."""
        for minibatch in minibatches:
            losses = self.losses(minibatch)
            told.append(losses._replace(total=losses.total.detach()))
            if self.target_kl is not None and float(losses.approx_kl) > 1.5 * self.target_kl:
                return True
            self.policy.optimizer.zero_grad()
            losses.total.backward()  # type: ignore[no-untyped-call]
            norm = nn.utils.clip_grad_norm_(self.policy.parameters(), self.max_grad_norm)
            require_finite(self.num_timesteps, loss=losses.total, gradient_norm=norm)
            self.policy.optimizer.step()
        return False

    def losses(self, minibatch: Minibatch) -> Losses:
        """Return the losses of the policy as it is on `minibatch`."""
        judged = self.policy.judge_sequences(
            minibatch.observations, minibatch.actions, minibatch.states, minibatch.starts
        )
        advantages = minibatch.advantages
        left = self._current_progress_remaining
        return clipped_losses(
            log_prob=judged.log_prob,
            values=judged.values,
            entropy=judged.entropy,
            old_log_prob=minibatch.old_log_prob,
            old_values=minibatch.old_values,
            advantages=normalised(advantages) if self.normalize_advantage else advantages,
            returns=minibatch.returns,
            clip_range=self.clip_range(left),
            clip_range_vf=None if self.clip_range_vf is None else self.clip_range_vf(left),
            entropy_coefficient=self.ent_coef,
            value_coefficient=self.vf_coef,
        )

    def _record(self, told: list[Losses]) -> None:
        """Log what sb3-contrib logs, under its names."""
        means = [float(torch.stack(column).mean()) for column in zip(*told, strict=True)]
        mean, buffer = Losses(*means), self.rollout_buffer  # type: ignore[arg-type]
        left = self._current_progress_remaining
        explained = explained_variance(buffer.values.flatten(), buffer.returns.flatten())
        figures: dict[str, Any] = {
            "entropy_loss": mean.entropy,
            "policy_gradient_loss": mean.policy,
            "value_loss": mean.value,
            "approx_kl": mean.approx_kl,
            "clip_fraction": mean.clip_fraction,
            "loss": mean.total,
            "explained_variance": float(np.asarray(explained)),
            "n_updates": self._n_updates,
            "clip_range": self.clip_range(left),
        }
        if hasattr(self.policy, "log_std"):
            figures["std"] = float(self.policy.log_std.detach().exp().mean())
        for name, value in figures.items():
            self.logger.record(f"train/{name}", value)
