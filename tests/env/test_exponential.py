"""The exponential function of kernels against extended precision."""

import numpy as np
import pytest

from ploutos.env.action.exponential import exponential
from ploutos.env.action.target_weights import TargetWeights
from ploutos.execution.compiled import kernel


@kernel
def each(x, out):
    for n in range(len(x)):
        out[n] = exponential(x[n])


def powers(x):
    out = np.empty_like(x)
    each(x, out)
    return out


def test_it_is_right_to_the_last_bit_but_one():
    x = np.concatenate([np.random.default_rng(0).uniform(-s, s, 20_000) for s in (1e-6, 1.0, 20.0, 700.0)])
    exact = np.exp(x.astype(np.longdouble))
    assert (np.abs(powers(x) - exact) <= np.finfo(float).eps * exact).all()


def test_special_values():
    assert powers(np.array([0.0, -0.0, 1e-300])).tolist() == [1.0, 1.0, 1.0]
    smallest = pytest.approx([np.exp(-708.0)] * 3, rel=1e-15)
    assert powers(np.array([-708.0, -1e4, -np.inf])).tolist() == smallest
    assert np.isnan(powers(np.array([np.nan]))).all()


@pytest.mark.parametrize("bound", [300.0, 1e6])
def test_the_widest_logits_stay_within_the_range_of_numbers(bound):
    action = TargetWeights(max_logit=bound, allow_short=False, max_leverage=1.0)
    logits = np.array([[1e9, 1e9, -1e9], [-1e9, -1e9, -1e9], [-1e9, 1e9, 1e9]])
    weights = action.target_weights(logits, member=np.ones((3, 2), bool), weight=np.zeros((3, 2)))
    np.testing.assert_allclose(weights, [[0.5, 0.5], [1 / 3, 1 / 3], [0.0, 0.5]], rtol=1e-15, atol=1e-250)
