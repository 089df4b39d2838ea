"""From actions to target weights."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from hand_market import make_environment, make_market
from ploutos.env.action.decode import decode
from ploutos.env.action.discrete import BUY, HOLD, SELL, Discrete
from ploutos.env.action.target_weights import TargetWeights
from ploutos.execution.ledger import Ledger

NAN = np.nan


def targets(action, value, *, member=None, weight=None):
    value = np.asarray(value)
    assets = value.shape[1] if isinstance(action, Discrete) else value.shape[1] - 1
    shape = (len(value), assets)
    member = np.ones(shape, bool) if member is None else np.asarray(member)
    weight = np.zeros(shape) if weight is None else np.asarray(weight)
    return action.target_weights(value, member=member, weight=weight)


def test_three_choices():
    got = targets(Discrete(lot_weight=0.2), [[HOLD, BUY, SELL]])
    np.testing.assert_array_equal(got, [[NAN, 0.2, 0.0]])


def test_a_buy_never_sells():
    got = targets(Discrete(lot_weight=0.2), [[BUY, BUY, BUY]], weight=[[0.19, 0.2, 0.35]])
    np.testing.assert_array_equal(got, [[0.2, NAN, NAN]])


def test_a_non_member_is_not_bought():
    got = targets(Discrete(lot_weight=0.2), [[BUY, SELL]], member=[[False, False]])
    np.testing.assert_array_equal(got, [[NAN, 0.0]])


def test_softmax_by_hand():
    # e^0 : e^ln2 : e^ln3, cash e^ln4 -> 1, 2, 3 and 4 tenths.
    got = targets(TargetWeights(max_logit=10.0), np.log([[1.0, 2.0, 3.0, 4.0]]))
    np.testing.assert_allclose(got, [[0.1, 0.2, 0.3]], rtol=1e-12)


def test_softmax_leaves_out_non_members():
    got = targets(TargetWeights(max_logit=10.0), np.log([[1.0, 2.0, 3.0, 4.0]]), member=[[True, False, True]])
    np.testing.assert_allclose(got, [[1 / 8, 0.0, 3 / 8]], rtol=1e-12)


def test_logits_are_bounded():
    got = targets(TargetWeights(max_logit=1.0), [[1e9, -1e9, 0.0]])
    e = np.e
    np.testing.assert_allclose(got, [[e / (e + 1 / e + 1), 1 / e / (e + 1 / e + 1)]], rtol=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-30, 30, width=32), min_size=2, max_size=8), st.integers(0, 255))
def test_weights_are_long_only_and_sum_to_at_most_one(logits, mask):
    assets = len(logits) - 1
    member = np.array([[bool(mask >> n & 1) for n in range(assets)]])
    got = targets(TargetWeights(max_logit=20.0), np.array([logits], np.float32), member=member)
    assert (got >= 0).all() and got.sum() <= 1 + 1e-12
    assert (got[~member] == 0).all()


def test_spaces():
    assert Discrete(lot_weight=0.1).space(3).nvec.tolist() == [3, 3, 3]
    box = TargetWeights(max_logit=4.0).space(3)
    assert box.shape == (4,) and (box.high == 4).all() and (box.low == -4).all()
    assert Discrete(lot_weight=0.1).choices == 3 and TargetWeights(max_logit=1.0).choices is None


def test_decoding_reads_members_and_weights_off_the_observation():
    market = make_market(np.full((3, 3), 10.0), np.full((3, 3), 10.0), member=[[True, True, False]] * 3)
    environment = make_environment("discrete", cost_bps=0.0)
    sim = environment.simulator(
        market, ledger=Ledger.open(1, 3, 100.0), scenario=np.zeros(1, np.int64), row=np.zeros(1, np.int64)
    )
    sim.step(np.array([[0.3, 0.0, 0.0]]))
    seen = sim.observe(np.zeros((1, sim.layout.size), np.float32))
    got = decode(environment.action, sim.layout, seen, np.array([[BUY, BUY, BUY]]))
    np.testing.assert_array_equal(got, [[NAN, 0.25, NAN]])


@pytest.mark.parametrize("lot", [-0.1, 1.1, NAN])
def test_a_lot_outside_0_1_is_refused(lot):
    with pytest.raises(ValidationError):
        Discrete(lot_weight=lot)
