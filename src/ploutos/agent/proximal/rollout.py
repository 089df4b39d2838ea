"""Holds one rollout, time first, and hands it out in whole sequences."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from gymnasium import spaces
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3.common.buffers import RolloutBuffer


@dataclass(frozen=True)
class Minibatch:
    """R sequences of L steps: observations [L, R, D], actions [L, R, A], the rest [L, R]; none is padding.

    `states` are the memories before the first step; `starts` is 1 where an episode starts, there or later.
    """

    observations: torch.Tensor
    actions: torch.Tensor
    old_values: torch.Tensor
    old_log_prob: torch.Tensor
    advantages: torch.Tensor
    returns: torch.Tensor
    states: RNNStates
    starts: torch.Tensor


class SequenceRollout(RolloutBuffer):
    """Stable-Baselines3's rollout buffer with the memories at every `sequence_steps`-th step.

    Observations and actions stay where the policy is, and are written once; what is small are NumPy arrays
    [T, B] as in Stable-Baselines3.

    Parameters
    ----------
    empty : memories of all environments, for their shapes.
    sequence_steps : L, divides `n_steps`: how far a gradient goes back in time.
    seed : of the order of the minibatches.

    Attributes
    ----------
    seen, starts : [T + 1, B, D] observations and [T + 1, B] starts of episodes, the last of what comes next.
    acted, said, valued : [T, B, A] actions, [T, B] their log-probabilities, [T, B] values.
    memories : of actor and critic, [T / L, layers, B, width] each.
    """

    def __init__(
        self,
        n_steps: int,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        *,
        device: torch.device,
        gae_lambda: float,
        gamma: float,
        n_envs: int,
        empty: RNNStates,
        sequence_steps: int,
        seed: int | None,
    ) -> None:
        self.sequence_steps = sequence_steps
        self.order = np.random.default_rng(seed)
        self.memories = [
            tuple(part.new_zeros(n_steps // sequence_steps, *part.shape) for part in pair) for pair in empty
        ]
        super().__init__(n_steps, observation_space, action_space, device, gae_lambda, gamma, n_envs)
        discrete = isinstance(action_space, (spaces.Discrete, spaces.MultiDiscrete, spaces.MultiBinary))
        kind = torch.int64 if discrete else torch.float32
        self.seen = torch.zeros(n_steps + 1, n_envs, *self.obs_shape, device=device)
        self.acted = torch.zeros(n_steps, n_envs, self.action_dim, dtype=kind, device=device)
        self.said, self.valued = torch.zeros(2, n_steps, n_envs, device=device)
        self.starts = torch.zeros(n_steps + 1, n_envs, device=device)

    def reset(self) -> None:
        """Forget the rollout; the large tensors are overwritten by the next."""
        for name in ("rewards", "returns", "episode_starts", "values", "log_probs", "advantages"):
            setattr(self, name, np.zeros((self.buffer_size, self.n_envs), np.float32))
        self.pos, self.full = 0, False

    def see(self, step: int, observations: npt.NDArray[Any], starts: npt.NDArray[np.bool_]) -> None:
        """Keep what step `step` is based on: observations [B, D], and where an episode starts [B]."""
        self.seen[step].copy_(torch.from_numpy(observations))
        self.starts[step].copy_(torch.from_numpy(starts))

    def keep_states(self, step: int, states: tuple[torch.Tensor, ...], *, critic: bool) -> None:
        """Keep the memories before step `step` of the actor or the critic, if rows are cut there."""
        if step % self.sequence_steps == 0:
            for kept, part in zip(self.memories[critic], states, strict=True):
                kept[step // self.sequence_steps] = part

    def finish(self, last_values: torch.Tensor, dones: npt.NDArray[np.bool_]) -> None:
        """Compute advantages and returns, given the values of what comes next."""
        self.values, self.log_probs = self.valued.cpu().numpy(), self.said.cpu().numpy()
        self.episode_starts = self.starts[:-1].cpu().numpy()
        self.compute_returns_and_advantage(last_values, dones)
        self.pos, self.full = self.buffer_size, True

    def minibatches(self, batch_size: int) -> Iterator[Minibatch]:
        """Yield all sequences once, in a new random order, `batch_size` steps in each minibatch."""
        steps, cuts = self.sequence_steps, self.buffer_size // self.sequence_steps
        drawn = torch.as_tensor(self.order.permutation(cuts * self.n_envs), device=self.device)
        small = [
            torch.as_tensor(part, device=self.device)
            for part in (self.valued, self.said, self.advantages, self.returns, self.starts)
        ]
        for chosen in torch.split(drawn, batch_size // steps):
            cut, env = chosen.div(self.n_envs, rounding_mode="floor"), chosen % self.n_envs
            time = cut * steps + torch.arange(steps, device=self.device)[:, None]
            cell = (time * self.n_envs + env).flatten()
            values, log_prob, advantages, returns, starts = (
                _rows(part, cell).view(time.shape) for part in small
            )
            pi, vf = (tuple(kept[cut, :, env].movedim(0, 1) for kept in pair) for pair in self.memories)
            yield Minibatch(
                _rows(self.seen, cell).view(*time.shape, *self.obs_shape),
                _rows(self.acted, cell).view(*time.shape, self.action_dim),
                values,
                log_prob,
                advantages,
                returns,
                RNNStates(pi, vf),
                starts,
            )

    def order_state(self) -> str:
        """Return the state of the generator of the minibatches' order as JSON."""
        return json.dumps(self.order.bit_generator.state)

    def restore_order(self, state: str) -> None:
        """Continue from what `order_state` returned."""
        self.order.bit_generator.state = json.loads(state)


def _rows(values: torch.Tensor, cell: torch.Tensor) -> torch.Tensor:
    """Return the cells number t * B + b of `values` [T or more, B, ...]."""
    return values.flatten(0, 1).index_select(0, cell)
