"""Episodes that a time limit cut off: what they saw last, and what that is worth."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from ploutos.agent.proximal.rollout import SequenceRollout
from ploutos.agent.proximal.sequence_policy import LateCritic, LstmState, SequencePolicy


class Truncated(NamedTuple):
    """Episodes that a time limit ended [K]: when, in which environment, and what they saw last [K, D]."""

    steps: npt.NDArray[np.int64]
    envs: npt.NDArray[np.int64]
    observations: npt.NDArray[Any]


def truncated_at(step: int, dones: npt.NDArray[np.bool_], infos: list[dict[str, Any]]) -> Truncated | None:
    """Return the episodes that ended at `step` by their time limit; None where there are none."""
    envs = [
        int(i)
        for i in np.flatnonzero(dones)
        if infos[i].get("TimeLimit.truncated", False) and infos[i].get("terminal_observation") is not None
    ]
    if not envs:
        return None
    last = np.stack([infos[i]["terminal_observation"] for i in envs])
    return Truncated(np.full(len(envs), step), np.array(envs), last)


def joined(parts: list[Truncated]) -> Truncated | None:
    """Return all episodes in one; None where there are none."""
    return Truncated(*map(np.concatenate, zip(*parts, strict=True))) if parts else None


@torch.no_grad()
def end_values(policy: SequencePolicy, end: Truncated, state: LstmState) -> torch.Tensor:
    """Return the values [K] of what episodes ended with, given the critic's memory of all environments."""
    envs = torch.as_tensor(end.envs, device=state[0].device)
    observations = torch.as_tensor(end.observations, dtype=torch.float32, device=envs.device)
    memory = tuple(part.index_select(1, envs) for part in state)
    starts = torch.zeros(len(envs), device=envs.device)
    return policy.predict_values(observations, memory, starts).flatten()


@torch.no_grad()
def late_values(
    policy: LateCritic, rollout: SequenceRollout, state: LstmState, ended: Truncated | None
) -> tuple[torch.Tensor, LstmState]:
    """Write the values of a whole rollout and the memories at its cuts, one fused call a sequence length.

    Returns
    -------
    The values [K] of what the episodes `ended` with, K = 0 for None; the critic's memory after the rollout.
    """
    worth = torch.zeros(0 if ended is None else len(ended.steps), device=rollout.device)
    for begin in range(0, rollout.buffer_size, rollout.sequence_steps):
        steps = slice(begin, begin + rollout.sequence_steps)
        rollout.keep_states(begin, state, critic=True)
        if ended is not None:
            here = np.flatnonzero((ended.steps >= steps.start) & (ended.steps < steps.stop))
            # As many lanes at a time as there are environments, those that end at about the same step.
            for lanes in np.split(here, range(rollout.n_envs, len(here), rollout.n_envs)):
                chosen = Truncated(*(part[lanes] for part in ended))
                worth[lanes] = _late_end_values(policy, rollout, begin, state, chosen)
        values, state = policy.value_sequences(rollout.seen[steps], state, rollout.starts[steps])
        rollout.valued[steps] = values
    return worth, state


def _late_end_values(
    policy: LateCritic, rollout: SequenceRollout, begin: int, state: LstmState, end: Truncated
) -> torch.Tensor:
    """Run from step `begin` through the episodes' last steps to what they ended with, side by side."""
    if not len(end.steps):
        return torch.zeros(0, device=rollout.device)
    envs = torch.as_tensor(end.envs, device=rollout.device)
    lane = torch.arange(len(envs), device=rollout.device)
    at = torch.as_tensor(end.steps + 1 - begin, device=rollout.device)
    steps = slice(begin, begin + int(at.max()) + 1)
    observations, starts = rollout.seen[steps, envs], rollout.starts[steps, envs]  # copies
    observations[at, lane] = torch.as_tensor(end.observations, dtype=observations.dtype).to(rollout.device)
    starts[at, lane] = 0.0
    values, _ = policy.value_sequences(observations, (state[0][:, envs], state[1][:, envs]), starts)
    last: torch.Tensor = values[at, lane]
    return last
