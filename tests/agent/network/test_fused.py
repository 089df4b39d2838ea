"""Fused calls against the loop over time that they stand for, gradients included."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ploutos.agent.network.fused import run_lstm
from ploutos.agent.network.sequence_plan import plan_cells

INPUTS, HIDDEN = 3, 4


def loop(lstm, x, resets, state, active=None):
    """Return what the docstring of `run_lstm` promises, one step at a time."""
    outputs = []
    for t in range(len(x)):
        keep = (resets[t] == 0).to(x.dtype).view(1, -1, 1)
        out, state = lstm(x[t : t + 1], (state[0] * keep, state[1] * keep))
        if active is not None:
            there = (active[t] != 0).to(x.dtype).view(1, -1, 1)
            out, state = out * there, (state[0] * there, state[1] * there)
        outputs.append(out)
    return torch.cat(outputs), state


def compare(resets, active=None, *, layers=1, bias=True, scale=1.0, dtype=torch.float64, tolerance=1e-12):
    """Require equal outputs, states and gradients of a random loss."""
    torch.manual_seed(0)
    length, rows = resets.shape
    lstm = nn.LSTM(INPUTS, HIDDEN, num_layers=layers, bias=bias).to(dtype)
    with torch.no_grad():
        for parameter in lstm.parameters():
            parameter.mul_(scale)
    x = torch.randn(length, rows, INPUTS, dtype=dtype, requires_grad=True)
    state = tuple(torch.randn(layers, rows, HIDDEN, dtype=dtype, requires_grad=True) for _ in range(2))
    weight = torch.randn(length, rows, HIDDEN, dtype=dtype)
    ends = [torch.randn(layers, rows, HIDDEN, dtype=dtype) for _ in range(2)]
    results = []
    for run in (run_lstm, loop):
        out, (hidden, cell) = run(lstm, x, resets, state, active)
        loss = (out * weight).sum() + (hidden * ends[0]).sum() + (cell * ends[1]).sum()
        gradients = torch.autograd.grad(loss / out.numel(), [x, *state, *lstm.parameters()])
        results.append([out, hidden, cell, *gradients])
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


def cuts(length, rows, share, seed):
    return (torch.rand(length, rows, generator=torch.Generator().manual_seed(seed)) < share).float()


@pytest.mark.parametrize("share", [0.0, 0.01, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("length", [1, 2, 7, 40])
@pytest.mark.parametrize("layers", [1, 2])
def test_equal_to_the_loop(share, length, layers):
    compare(cuts(length, 6, share, seed=length), layers=layers)


@pytest.mark.parametrize("away", [0.0, 0.05, 0.5, 1.0])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.4])
def test_rows_that_come_and_go(share, away):
    active = 1.0 - cuts(30, 8, away, seed=3)
    compare(cuts(30, 8, share, seed=4), active)
    compare(cuts(1, 8, share, seed=4), active[:1])


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_equal_to_the_loop_at_any_places(data):
    length, rows = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 5))
    grid = st.lists(st.lists(st.booleans(), min_size=rows, max_size=rows), min_size=length, max_size=length)
    resets, active = (torch.tensor(data.draw(grid)).float() for _ in range(2))
    compare(resets, active if data.draw(st.booleans()) else None)


def test_in_single_precision_and_with_saturated_gates():
    compare(cuts(50, 6, 0.05, seed=1), dtype=torch.float32, tolerance=1e-6)
    compare(cuts(50, 6, 0.3, seed=1), dtype=torch.float32, tolerance=1e-6)
    compare(cuts(50, 6, 0.05, seed=1), 1.0 - cuts(50, 6, 0.1, seed=2), dtype=torch.float32, tolerance=1e-6)
    compare(cuts(50, 6, 0.05, seed=1), scale=40.0)
    compare(cuts(50, 6, 0.05, seed=1), scale=10.0, dtype=torch.float32, tolerance=1e-5)
    compare(cuts(50, 6, 0.05, seed=1), bias=False)


def episodes(length, rows, bars, seed):
    """Return the starts of episodes of `bars` decisions that are out of step with each other."""
    phase = torch.randint(0, bars, (rows,), generator=torch.Generator().manual_seed(seed))
    return ((torch.arange(length)[:, None] + phase) % bars == 0).float()


@pytest.mark.parametrize("bars", [2, 5, 24, 64, 252, 1000])
@pytest.mark.parametrize("length", [16, 64, 256])
def test_at_most_a_tenth_is_padding(length, bars):
    for rows in (1, 7, 64):
        plan = plan_cells(episodes(length, rows, bars, seed=rows), None, torch.device("cpu"))
        if plan is not None:
            assert plan.padding <= 0.1


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 80), st.integers(1, 30), st.floats(0, 1), st.integers(0, 999))
def test_at_most_a_tenth_is_padding_at_any_cuts(length, rows, share, seed):
    plan = plan_cells(cuts(length, rows, share, seed), None, torch.device("cpu"))
    if plan is not None:
        assert plan.padding <= 0.1
        assert sorted(plan.take[plan.take >= 0].tolist()) == list(range(length * rows))


def test_usual_episodes_take_one_call():
    plan = plan_cells(episodes(64, 64, 24, seed=0), None, torch.device("cpu"))
    assert plan.groups == ((67, 64),)


def test_other_lstms_are_refused():
    x, resets = torch.zeros(3, 2, INPUTS), torch.zeros(3, 2)
    with pytest.raises(ValueError, match="one direction"):
        run_lstm(nn.LSTM(INPUTS, HIDDEN, bidirectional=True), x, resets, (torch.zeros(2, 2, 4),) * 2)
