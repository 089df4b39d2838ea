"""Aims, rates and bands against the environment's action space and arithmetic by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ploutos.agent.gradient.decision import Plan, aims, step_towards
from ploutos.agent.oracle_family import Allowed
from ploutos.env.action.target_weights import TargetWeights

LONG = Allowed(leverage=1.0, short=False)
SHORT = Allowed(leverage=1.5, short=True)


def draw(seed, batch=5, assets=4):
    rng = np.random.default_rng(seed)
    member = rng.random((batch, assets)) < 0.7
    return rng.normal(size=(batch, assets)) * 3, rng.normal(size=batch) * 3, member


def tensors(*arrays):
    return [torch.as_tensor(np.asarray(array, np.float64)) for array in arrays]


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 1000))
def test_long_only_it_is_the_softmax_of_the_action_space(seed):
    logit, cash, member = draw(seed)
    space = TargetWeights(max_logit=50.0, allow_short=False, max_leverage=1.0)
    value = np.concatenate([logit, cash[:, None]], axis=1)
    expected = space.target_weights(value, member=member, weight=np.zeros(member.shape))
    np.testing.assert_allclose(aims(*tensors(logit, cash, member), LONG), expected, atol=1e-14)


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 1000))
def test_with_short_sales_each_asset_can_be_sold_at_the_opposite_logit(seed):
    logit, cash, member = draw(seed)
    found = aims(*tensors(logit, cash, member), SHORT).numpy()
    for b in range(len(cash)):
        inside = logit[b][member[b]]
        total = np.exp(inside).sum() + np.exp(-inside).sum() + np.exp(cash[b])
        expected = np.zeros(member.shape[1])
        expected[member[b]] = 1.5 * (np.exp(inside) - np.exp(-inside)) / total
        np.testing.assert_allclose(found[b], expected, atol=1e-14)
    assert (np.abs(found).sum(axis=1) < 1.5).all()


@pytest.mark.parametrize("allowed", [LONG, SHORT])
def test_extreme_logits_and_nobody_to_hold_stay_finite(allowed):
    logit = torch.tensor([[1e4, -1e4, 0.0], [5.0, 5.0, 5.0]], dtype=torch.float32, requires_grad=True)
    cash = torch.tensor([-1e4, 1e4], requires_grad=True)
    member = torch.tensor([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    found = aims(logit, cash, member, allowed)
    assert torch.isfinite(found).all() and (found[1] == 0).all()
    found.square().sum().backward()
    assert torch.isfinite(logit.grad).all() and torch.isfinite(cash.grad).all()


def plan(aim, rate, band, outside=None):
    outside = torch.zeros(len(aim), dtype=torch.bool) if outside is None else torch.tensor(outside)
    return Plan(*tensors(aim, rate, band), outside)


def test_it_goes_its_rate_of_the_way_to_the_edge_of_the_band():
    wanted = plan([0.5, 0.1, 0.30, 0.2], [0.25, 0.5, 0.5, 1.0], [0.1, 0.05, 0.1, 0.1])
    weight = torch.tensor([0.2, 0.35, 0.25, 0.6], dtype=torch.float64)
    # 0.2 + (0.3 - 0.1) / 4; 0.35 - (0.25 - 0.05) / 2; inside; 0.6 - (0.4 - 0.1).
    np.testing.assert_allclose(step_towards(wanted, weight), [0.25, 0.25, np.nan, 0.3], atol=1e-15)


def test_who_is_no_member_is_sold_and_never_held():
    wanted = plan([0.0, 0.0], [0.5, 0.5], [0.1, 0.1], [True, True])
    np.testing.assert_array_equal(step_towards(wanted, torch.tensor([0.4, 0.02]).double()), [0.0, 0.0])


@settings(deadline=None, max_examples=50)
@given(gap=st.floats(-1e-6, 1e-6), rate=st.floats(0.01, 0.99), side=st.sampled_from([-1.0, 1.0]))
def test_the_target_is_continuous_at_the_edge(gap, rate, side):
    weight, band = 0.3, 0.1
    wanted = plan([weight + side * (band + gap)], [rate], [band])
    target = step_towards(wanted, torch.tensor([weight]).double()).item()
    assert np.isnan(target) or abs(target - weight) <= 1e-6


def test_the_slopes_are_those_of_the_formula():
    aim, rate, band, weight = (
        torch.tensor([x], dtype=torch.float64, requires_grad=True) for x in (0.5, 0.25, 0.1, 0.2)
    )
    target = step_towards(Plan(aim, rate, band, torch.tensor([False])), weight)
    slopes = torch.autograd.grad(target.sum(), [aim, rate, band, weight])
    np.testing.assert_allclose([s.item() for s in slopes], [0.25, 0.2, -0.25, 0.75], atol=1e-15)
