"""Everything that decides how a training goes on, and going on from it."""

from collections import deque

from sb3_contrib.common.recurrent.type_aliases import RNNStates

from ploutos.agent.proximal.learner import SequencePPO
from ploutos.agent.training.arrays import as_arrays, as_tensors
from ploutos.agent.training.generators import generator_states, restore_generators
from ploutos.types.checkpoints import State


def learner_state(learner: SequencePPO) -> State:
    """Return the state between two rollouts: tensors, numbers and strings.

    The environment must have `state_dict` and `load_state_dict`, as `TradingVecEnv` has.
    """
    assert learner.env is not None and learner.ep_info_buffer is not None
    state: State = as_tensors(
        {
            "policy": learner.policy.state_dict(),
            "optimizer": learner.policy.optimizer.state_dict(),
            "num_timesteps": learner.num_timesteps,
            "n_updates": learner._n_updates,
            "memories": [list(pair) for pair in learner._last_lstm_states],
            "episode_starts": learner._last_episode_starts,
            "observations": learner._last_obs,
            "episodes": [{name: float(info[name]) for name in ("r", "l")} for info in learner.ep_info_buffer],
            "environment": learner.env.state_dict(),
            "order": learner.rollout_buffer.order_state(),
            "generators": generator_states(),
        }
    )
    return state


def restore_learner(learner: SequencePPO, state: State) -> None:
    """Go on from what `learner_state` returned, in a learner made with the same settings."""
    assert learner.env is not None
    learner.policy.load_state_dict(state["policy"])
    learner.policy.optimizer.load_state_dict(state["optimizer"])
    learner.num_timesteps = state["num_timesteps"]
    learner._n_updates = state["n_updates"]
    pi, vf = (tuple(part.to(learner.device) for part in pair) for pair in state["memories"])
    learner._last_lstm_states = RNNStates(pi, vf)
    learner._last_episode_starts = as_arrays(state["episode_starts"])
    learner.ep_info_buffer = deque(state["episodes"], maxlen=learner._stats_window_size)
    learner.ep_success_buffer = deque(maxlen=learner._stats_window_size)
    learner.env.load_state_dict(as_arrays(state["environment"]))
    learner._last_obs = as_arrays(state["observations"])
    learner.rollout_buffer.restore_order(state["order"])
    restore_generators(state["generators"])
