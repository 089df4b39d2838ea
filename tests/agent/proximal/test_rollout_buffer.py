"""What the buffer hands out: every step once, whole sequences, memories of the moment, little padding."""

import numpy as np
import pytest
import torch
from proximal_arena import Recall, pair, play

from ploutos.agent.network.sequence_plan import plan_cells


@pytest.mark.parametrize(("sequence_steps", "batch_size"), [(12, 24), (4, 36), (2, 72), (1, 9)])
def test_every_step_once_a_pass_and_in_a_new_order(sequence_steps, batch_size):
    ours, _ = pair(lambda: Recall([5, 7, 30, 1, 9, 2]), sequence_steps=sequence_steps)
    buffer = play(ours)
    passes = []
    for _ in range(2):
        batches = list(buffer.minibatches(batch_size))
        assert all(b.starts.shape == (sequence_steps, batch_size // sequence_steps) for b in batches)
        passes.append(torch.cat([b.observations.flatten(0, 1) for b in batches]))
        for b in batches:
            for name in ("actions", "old_log_prob", "advantages", "returns", "old_values"):
                assert getattr(b, name).shape[:2] == b.starts.shape
    wanted = np.sort(buffer.seen[:-1].flatten(0, 1).numpy(), axis=0)
    for seen in passes:
        np.testing.assert_array_equal(np.sort(seen.numpy(), axis=0), wanted)
    assert not torch.equal(*passes)


def test_sequences_are_consecutive_steps_of_one_environment():
    ours, _ = pair(lambda: Recall([5, 7, 30, 1, 9, 2]), sequence_steps=4)
    buffer = play(ours)
    cells = {tuple(row): (t, b) for t in range(12) for b in range(6) for row in [buffer.seen[t, b].tolist()]}
    for batch in buffer.minibatches(24):
        for r in range(6):
            where = [cells[tuple(batch.observations[k, r].tolist())] for k in range(4)]
            (t, b) = where[0]
            assert t % 4 == 0 and where == [(t + k, b) for k in range(4)]
            for k in range(4):
                assert batch.old_values[k, r] == buffer.values[t + k, b]
                assert batch.advantages[k, r] == buffer.advantages[t + k, b]
                assert batch.starts[k, r] == buffer.episode_starts[t + k, b]
            assert torch.equal(batch.states.pi[0][:, r], buffer.memories[0][0][t // 4][:, b])
            assert torch.equal(batch.states.vf[1][:, r], buffer.memories[1][1][t // 4][:, b])


@pytest.mark.parametrize("lengths", [[3, 5, 1, 7, 30, 12], [1] * 6, [2, 3] * 3, [40, 41, 42, 43, 44, 45]])
def test_at_most_a_tenth_is_padding(lengths):
    ours, _ = pair(lambda: Recall(lengths), sequence_steps=12)
    buffer = play(ours)
    for batch in buffer.minibatches(36):
        plan = plan_cells(batch.starts, None, batch.starts.device)
        assert plan is None or plan.padding <= 0.1


def test_minibatches_follow_the_seed():
    orders = []
    for _ in range(2):
        ours, _ = pair(lambda: Recall([5, 7, 30, 1, 9, 2]), sequence_steps=4)
        buffer = play(ours)
        orders.append(torch.cat([b.observations for b in buffer.minibatches(24)]))
    assert torch.equal(*orders)
