"""What the benchmark compares is the same on both sides, and starts fall where its rows say."""

import numpy as np
import pytest

from benchmarks.recurrent_ppo.noise_env import NoiseEnv
from benchmarks.recurrent_ppo.trainers import EPISODE, PATTERNS, STEPS, noise


def starts(pattern, rollouts):
    """Return where episodes start, [rollouts, STEPS, envs], after the reset."""
    env = noise(pattern)
    env.reset()
    dones = [env.step(np.zeros((env.num_envs, 50)))[2] for _ in range(rollouts * STEPS)]
    return np.array(dones).reshape(rollouts, STEPS, -1)


def test_staggered_episodes_start_in_nearly_every_row_of_environments():
    found = starts("staggered", 8)
    a_quarter = found.shape[2] // 4  # sb3-contrib's minibatches: sixteen environments after each other
    for rows in np.split(found, a_quarter // 4, axis=2):
        assert rows.any(axis=(1, 2)).mean() > 0.9
    assert found.sum() == pytest.approx(8 * STEPS * found.shape[2] / EPISODE, rel=0.1)


def test_episodes_together_and_unbroken():
    together = starts("together", 8)
    assert [bool(part.any()) for part in together] == [False, False, False, True] * 2
    assert not starts("unbroken", 4).any()


def test_every_pattern_cuts_off_by_a_time_limit_and_tells_the_last_observation():
    env = NoiseEnv(6, 2, episode=3, first=np.array([2, 3]))
    env.reset()
    env.step(np.zeros((2, 2)))
    seen, _, dones, infos = env.step(np.zeros((2, 2)))
    assert dones.tolist() == [True, False] and infos[0]["TimeLimit.truncated"] and not infos[1]
    np.testing.assert_array_equal(infos[0]["terminal_observation"], seen[0])
    assert set(PATTERNS) == {"staggered", "together", "unbroken"}
