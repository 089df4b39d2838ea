"""Plays a rollout: the policy acts, the environment steps, everything is written once."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from gymnasium import spaces
from sb3_contrib.common.recurrent.type_aliases import RNNStates
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecEnv

from ploutos.agent.proximal.market_baseline import less_the_market
from ploutos.agent.proximal.rollout import SequenceRollout
from ploutos.agent.proximal.sequence_policy import LateCritic
from ploutos.agent.proximal.time_limits import Truncated, end_values, joined, late_values, truncated_at

if TYPE_CHECKING:
    from ploutos.agent.proximal.learner import SequencePPO


def collect(learner: "SequencePPO", env: VecEnv, callback: BaseCallback, rollout: SequenceRollout) -> bool:
    """Fill `rollout` and compute its advantages; False where a callback ended the training.

    What is kept is what sb3-contrib keeps: observations, actions, memories, rewards to which a time limit
    adds the discounted value of the observation it cut off. A critic with a memory of its own looks at the
    rollout afterwards, in fused calls, and finds the same values as bar by bar.
    """
    policy = learner.policy
    policy.set_training_mode(False)
    rollout.reset()
    late = isinstance(policy, LateCritic) and rollout.sequence_steps > 1
    ends: list[Truncated] = []
    end_worth: list[torch.Tensor] = []
    moves = np.zeros(rollout.rewards.shape)
    callback.on_rollout_start()
    states, dones = learner._last_lstm_states, np.asarray(learner._last_episode_starts)
    rollout.see(0, learner._last_obs, dones)
    for step in range(rollout.buffer_size):
        actions, states = _act(policy, rollout, step, states, late)
        if learner.baseline is not None:
            moves[step] = learner.baseline.now()
        new_obs, rewards, dones, infos = env.step(_possible(learner.action_space, actions))
        learner.num_timesteps += env.num_envs
        callback.update_locals(locals())
        if not callback.on_step():
            return False
        if dones.any():
            learner._update_info_buffer(infos, dones)
            end = truncated_at(step, dones, infos)
            if end is not None:
                ends.append(end)
                end_worth += [] if late else [end_values(policy, end, states.vf)]
        rollout.rewards[step] = rewards
        rollout.see(step + 1, new_obs, dones)
    ended = joined(ends)
    if late:
        worth, critic_state = late_values(policy, rollout, states.vf, ended)
        states = RNNStates(states.pi, critic_state)
    rollout.rewards = less_the_market(rollout.rewards, moves)
    if ended is not None:
        worth = worth if late else torch.cat(end_worth)
        rollout.rewards[ended.steps, ended.envs] += learner.gamma * worth.cpu().numpy()
    learner._last_obs, learner._last_episode_starts, learner._last_lstm_states = new_obs, dones, states
    with torch.no_grad():
        last = policy.predict_values(rollout.seen[-1], states.vf, rollout.starts[-1])
    rollout.finish(last, dones)
    callback.update_locals(locals())
    callback.on_rollout_end()
    return True


@torch.no_grad()
def _act(
    policy: Any, rollout: SequenceRollout, step: int, states: RNNStates, late: bool
) -> tuple[npt.NDArray[Any], RNNStates]:
    """Sample the actions [B, ...] of `step`, keep them and what belongs to them; return the next memories."""
    observations, starts = rollout.seen[step], rollout.starts[step]
    rollout.keep_states(step, states.pi, critic=False)
    if late:
        actions, log_prob, actor_state = policy.act(observations, states.pi, starts)
        states = RNNStates(actor_state, states.vf)
    else:
        rollout.keep_states(step, states.vf, critic=True)
        actions, values, log_prob, states = policy.forward(observations, states, starts)
        rollout.valued[step] = values.flatten()
    rollout.acted[step] = actions.reshape(rollout.n_envs, rollout.action_dim)
    rollout.said[step] = log_prob
    return actions.cpu().numpy(), states


def _possible(space: spaces.Space[Any], actions: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the actions inside the bounds of a box."""
    return np.clip(actions, space.low, space.high) if isinstance(space, spaces.Box) else actions
