"""The fused pass over sequences against sb3-contrib's own, gradients included."""

import pytest
import torch
from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
from torch import nn

from ploutos.agent.network.recurrent_actor_critic import CrossSectionalLstmPolicy

WIDTH, HIDDEN = 3, 4


def run(process, starts, seed):
    """Return output, states and all gradients of a random loss."""
    torch.manual_seed(seed)
    sequences, length = starts.shape
    lstm = nn.LSTM(WIDTH, HIDDEN)
    features = torch.randn(sequences * length, WIDTH, requires_grad=True)
    states = tuple(torch.randn(1, sequences, HIDDEN, requires_grad=True) for _ in range(2))
    output, (hidden, cell) = process(features, states, starts.reshape(-1), lstm)
    loss = (output * torch.randn(output.shape)).sum() + (hidden * cell).sum()
    gradients = torch.autograd.grad(loss, [features, *states, *lstm.parameters()])
    return [output, hidden, cell, *gradients]


def starts_at(sequences, length, cells):
    starts = torch.zeros(sequences, length)
    for cell in cells:
        starts[cell] = 1.0
    return starts


@pytest.mark.parametrize(
    ("sequences", "length", "cells"),
    [
        (3, 1, []),
        (3, 1, [(1, 0)]),
        (4, 6, []),
        (4, 6, [(0, 0), (2, 0)]),
        (4, 6, [(i, 0) for i in range(4)]),
        (4, 6, [(1, 3)]),
        (4, 6, [(0, 0), (1, 3), (3, 5)]),
        (1, 9, [(0, 4)]),
    ],
)
def test_equal_to_the_loop_of_sb3_contrib(sequences, length, cells):
    starts = starts_at(sequences, length, cells)
    ours = run(CrossSectionalLstmPolicy._process_sequence, starts, seed=1)
    theirs = run(RecurrentActorCriticPolicy._process_sequence, starts, seed=1)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


def test_a_start_forgets_the_state_and_only_its_own():
    starts = starts_at(2, 3, [(0, 0)])
    lstm = nn.LSTM(WIDTH, HIDDEN)
    features = torch.randn(6, WIDTH)
    zero, wild = torch.zeros(1, 2, HIDDEN), torch.randn(1, 2, HIDDEN)
    process = CrossSectionalLstmPolicy._process_sequence
    a = process(features, (wild, wild), starts.reshape(-1), lstm)[0].reshape(2, 3, HIDDEN)
    b = process(features, (zero, zero), starts.reshape(-1), lstm)[0].reshape(2, 3, HIDDEN)
    assert torch.equal(a[0], b[0]) and not torch.allclose(a[1], b[1])
