"""Rollouts hold what sb3-contrib's hold: same actions, values, memories, advantages."""

import numpy as np
import pytest
from proximal_arena import BOX, DISCRETE, Recall, pair, play

from ploutos.agent.proximal.sequence_policy import FusedMlpLstmPolicy, FusedSharedMlpLstmPolicy

# Episodes inside a sequence, across rollouts, of one step, and longer than everything.
LENGTHS = {"staggered": [3, 5, 1, 7, 30, 12], "together": [8] * 6, "never": [99] * 6}
OWN, SHARED = {}, {"shared_lstm": True, "enable_critic_lstm": False}
FEED_FORWARD = {"enable_critic_lstm": False}


@pytest.mark.parametrize("sequence_steps", [12, 4, 1])
@pytest.mark.parametrize("lengths", LENGTHS)
@pytest.mark.parametrize(
    ("policy", "kwargs"),
    [(FusedMlpLstmPolicy, OWN), (FusedSharedMlpLstmPolicy, SHARED), (FusedSharedMlpLstmPolicy, FEED_FORWARD)],
    ids=["own", "shared", "feed_forward"],
)
def test_rollouts(sequence_steps, lengths, policy, kwargs):
    ours, theirs = pair(
        lambda: Recall(LENGTHS[lengths]), sequence_steps=sequence_steps, policy=policy, kwargs=kwargs
    )
    found, wanted = play(ours, rollouts=3), play(theirs, rollouts=3)
    np.testing.assert_array_equal(found.seen[:-1].numpy(), wanted.observations)
    np.testing.assert_array_equal(found.acted.numpy(), wanted.actions)
    for name in ("rewards", "values", "log_probs", "episode_starts", "advantages", "returns"):
        np.testing.assert_allclose(getattr(found, name), getattr(wanted, name), rtol=1e-5, atol=2e-6)
    theirs_states = wanted.hidden_states_pi, wanted.cell_states_pi
    for mine, other in zip(found.memories[0], theirs_states, strict=True):
        np.testing.assert_allclose(mine.numpy(), other[::sequence_steps], rtol=1e-5, atol=2e-6)
    if policy is FusedMlpLstmPolicy:
        theirs_states = wanted.hidden_states_vf, wanted.cell_states_vf
        for mine, other in zip(found.memories[1], theirs_states, strict=True):
            np.testing.assert_allclose(mine.numpy(), other[::sequence_steps], rtol=1e-5, atol=2e-6)
    assert ours.num_timesteps == theirs.num_timesteps == 3 * 72
    assert list(ours.ep_info_buffer) == list(theirs.ep_info_buffer)


def test_actions_of_a_box_are_cut_off_for_the_world_and_kept_as_drawn():
    ours, theirs = pair(lambda: Recall([4] * 6, BOX), sequence_steps=12)
    found, wanted = play(ours), play(theirs)
    np.testing.assert_allclose(found.acted.numpy(), wanted.actions, rtol=1e-6)
    assert np.abs(wanted.actions).max() > 0.5
    np.testing.assert_allclose(found.advantages, wanted.advantages, rtol=1e-4, atol=1e-5)


def test_two_layers():
    ours, theirs = pair(
        lambda: Recall(LENGTHS["staggered"], DISCRETE), sequence_steps=6, kwargs={"n_lstm_layers": 2}
    )
    found, wanted = play(ours, rollouts=2), play(theirs, rollouts=2)
    np.testing.assert_allclose(found.advantages, wanted.advantages, rtol=1e-5, atol=2e-6)
