"""What holds for every action, whatever the policy says: caps, membership, order, holds."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ploutos.env.action.delta_weights import DeltaWeights
from ploutos.env.action.discrete import HOLD, SELL, Discrete
from ploutos.env.action.target_weights import TargetWeights

LOT, LEVERAGE, MAX_DELTA, DEAD_BAND = 0.1, 1.75, 0.25, 0.0625
ACTIONS = [
    action
    for short in (False, True)
    for action in (
        Discrete(lot_weight=LOT, allow_short=short),
        TargetWeights(max_logit=15.0, allow_short=short, max_leverage=LEVERAGE),
        DeltaWeights(max_delta=MAX_DELTA, dead_band=DEAD_BAND, allow_short=short),
    )
]


@st.composite
def decisions(draw, actions=ACTIONS):
    """Draw (action, value, member, weight) of one to three portfolios with one to eight names."""
    action = draw(st.sampled_from(actions))
    shape = draw(st.tuples(st.integers(1, 3), st.integers(1, 8)))
    if action.choices:
        value = draw(arrays.arrays(np.int64, shape, elements=st.integers(0, action.choices - 1)))
    else:
        wide = (shape[0], *action.space(shape[1]).shape)
        value = draw(arrays.arrays(np.float32, wide, elements=st.floats(-20, 20, width=32)))
    low = -1.0 if action.allow_short else 0.0
    weight = draw(arrays.arrays(np.float64, shape, elements=st.floats(low, 1.0)))
    member = draw(arrays.arrays(np.bool_, shape))
    return action, value, member, weight


def ask(decision):
    action, value, member, weight = decision
    return action.target_weights(value, member=member, weight=weight)


def of_kind(kind):
    return [action for action in ACTIONS if isinstance(action, kind)]


@settings(max_examples=150, deadline=None)
@given(decisions())
def test_non_members_get_no_weight_and_only_shorts_are_negative(decision):
    action, _, member, _ = decision
    got = ask(decision)
    outside = got[~member]
    assert (outside[~np.isnan(outside)] == 0).all()
    assert not np.isinf(got).any()
    if not action.allow_short:
        assert not (got < 0).any()


@settings(max_examples=150, deadline=None)
@given(decisions(), st.randoms(use_true_random=False))
def test_permuting_names_permutes_targets(decision, random):
    action, value, member, weight = decision
    order = list(range(member.shape[1]))
    random.shuffle(order)
    crossed = value[:, order + list(range(len(order), value.shape[1]))]
    got = action.target_weights(crossed, member=member[:, order], weight=weight[:, order])
    np.testing.assert_allclose(got, ask(decision)[:, order], rtol=1e-12, atol=1e-300)


@settings(max_examples=150, deadline=None)
@given(decisions())
def test_portfolios_do_not_know_of_each_other(decision):
    action, value, member, weight = decision
    together = ask(decision)
    for b in range(len(value)):
        alone = action.target_weights(value[b : b + 1], member=member[b : b + 1], weight=weight[b : b + 1])
        np.testing.assert_array_equal(alone[0], together[b])


@settings(max_examples=150, deadline=None)
@given(decisions(of_kind(TargetWeights)))
def test_target_weights_stay_within_their_leverage_and_never_hold(decision):
    got = ask(decision)
    assert np.isfinite(got).all()
    cap = LEVERAGE if decision[0].allow_short else 1.0
    assert (np.abs(got).sum(axis=1) < cap).all()


@settings(max_examples=150, deadline=None)
@given(decisions(of_kind(Discrete)))
def test_a_discrete_hold_is_asked_for_or_leaves_nothing_to_do(decision):
    _, value, member, weight = decision
    got = ask(decision)
    np.testing.assert_array_equal(np.isnan(got[value == HOLD]), True)
    assert (got[value == SELL] == 0).all()
    traded = ~np.isnan(got) & (value != SELL)
    assert (np.abs(got[traded]) == LOT).all()
    assert (np.sign(got[traded]) == np.sign((got - weight)[traded])).all()
    idle = np.isnan(got) & (value != HOLD) & member
    assert (np.abs(weight[idle]) >= LOT).all()


@settings(max_examples=150, deadline=None)
@given(decisions(of_kind(Discrete)), st.integers(2, 5))
def test_repeating_a_choice_never_goes_beyond_one_lot(decision, times):
    action, value, member, weight = decision
    bound = np.maximum(np.abs(weight), LOT)
    for _ in range(times):
        got = action.target_weights(value, member=member, weight=weight)
        weight = np.where(np.isnan(got), weight, got)
    assert (np.abs(weight) <= bound).all()
    again = action.target_weights(value, member=member, weight=weight)
    np.testing.assert_array_equal(np.where(np.isnan(again), weight, again), weight)


@settings(max_examples=150, deadline=None)
@given(decisions(of_kind(DeltaWeights)))
def test_a_change_is_a_hold_or_within_its_bounds(decision):
    _, value, member, weight = decision
    got = ask(decision)
    # The bounds are powers of two, so that these comparisons are exact.
    small = np.abs(value) < DEAD_BAND / MAX_DELTA
    np.testing.assert_array_equal(np.isnan(got), small & member)
    moved = ~np.isnan(got) & member
    change = (got - weight)[moved]
    assert (np.abs(change) <= MAX_DELTA + 1e-15).all()
    assert ((np.sign(change) == np.sign(value[moved])) | (got[moved] == 0)).all()
