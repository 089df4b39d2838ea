"""Factors of the learning rate, by hand and beside Torch's own schedulers."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from torch.optim import lr_scheduler

from ploutos.agent.schedule.constant import Constant
from ploutos.agent.schedule.cosine_warmup import CosineWarmup
from ploutos.agent.schedule.linear import Linear

share = st.floats(0, 1, allow_nan=False)


def torchs(make, steps):
    """Return the rates that a scheduler of Torch gives to a rate of 1, steps + 1 of them."""
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler, rates = make(optimiser), []
    for _ in range(steps + 1):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return rates


def test_constant():
    assert {Constant().factor(p) for p in (0.0, 0.3, 1.0)} == {1.0}


def test_linear_by_hand_and_by_torch():
    schedule = Linear(final=0.2)
    assert [schedule.factor(p) for p in (0.0, 0.5, 1.0)] == pytest.approx([1.0, 0.6, 0.2])
    theirs = torchs(lambda o: lr_scheduler.LinearLR(o, 1.0, 0.2, total_iters=50), 50)
    assert [schedule.factor(k / 50) for k in range(51)] == pytest.approx(theirs, rel=1e-9)


def test_cosine_with_warmup_by_hand_and_by_torch():
    schedule = CosineWarmup(warmup=0.2, final=0.1)
    assert [schedule.factor(p) for p in (0.0, 0.1, 0.2, 0.6, 1.0)] == pytest.approx([0, 0.5, 1, 0.55, 0.1])
    theirs = torchs(lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=80, eta_min=0.1), 80)
    assert [schedule.factor(0.2 + 0.8 * k / 80) for k in range(81)] == pytest.approx(theirs, rel=1e-9)


@given(progress=share, warmup=share, final=share)
def test_factors_stay_between_zero_and_one(progress, warmup, final):
    for schedule in (Linear(final=final), CosineWarmup(warmup=warmup, final=final)):
        assert -1e-12 <= schedule.factor(progress) <= 1 + 1e-12
        assert schedule.factor(progress + 5) == schedule.factor(1.0)  # a last rollout may overshoot
    assert Linear(final=final).factor(1.0) == pytest.approx(final)


@given(warmup=st.floats(0, 0.95), final=share)
def test_after_the_warmup_the_rate_never_rises(warmup, final):
    schedule = CosineWarmup(warmup=warmup, final=final)
    falling = [schedule.factor(p) for p in np.linspace(warmup, 1, 40)]
    assert falling[0] == pytest.approx(1.0) and falling[-1] == pytest.approx(final)
    assert all(a >= b - 1e-12 for a, b in pairwise(falling))


def test_shares_outside_their_range_are_refused():
    for make in (
        lambda: Linear(final=1.1),
        lambda: CosineWarmup(warmup=-0.1, final=0),
        lambda: CosineWarmup(warmup=0.1, final=2),
    ):
        with pytest.raises(ValidationError):
            make()
