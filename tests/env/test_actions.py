"""From actions to target weights: by hand, and against the documented formulas written as scalar loops."""

import math

import numpy as np
import pytest
from pydantic import ValidationError

from hand_market import make_environment, make_market
from ploutos.env.action.decode import decode
from ploutos.env.action.delta_weights import DeltaWeights
from ploutos.env.action.discrete import BUY, HOLD, SELL, SHORT, Discrete
from ploutos.env.action.target_weights import TargetWeights
from ploutos.execution.ledger import Ledger

NAN = np.nan


def lots(lot, *, short=False):
    return Discrete(lot_weight=lot, allow_short=short)


def softmax(max_logit):
    return TargetWeights(max_logit=max_logit, allow_short=False, max_leverage=1.0)


def signed(max_logit, max_leverage):
    return TargetWeights(max_logit=max_logit, allow_short=True, max_leverage=max_leverage)


def deltas(max_delta, dead_band=0.0, *, short=False):
    return DeltaWeights(max_delta=max_delta, dead_band=dead_band, allow_short=short)


def targets(action, value, *, member=None, weight=None):
    value = np.asarray(value)
    cash = isinstance(action, TargetWeights)
    shape = (len(value), value.shape[1] - cash)
    member = np.ones(shape, bool) if member is None else np.asarray(member)
    weight = np.zeros(shape) if weight is None else np.asarray(weight)
    return action.target_weights(value, member=member, weight=weight)


def test_the_choices():
    got = targets(lots(0.2), [[HOLD, BUY, SELL]])
    np.testing.assert_array_equal(got, [[NAN, 0.2, 0.0]])
    got = targets(lots(0.2, short=True), [[HOLD, BUY, SELL, SHORT]])
    np.testing.assert_array_equal(got, [[NAN, 0.2, 0.0, -0.2]])


def test_a_buy_never_sells_and_a_short_sale_never_buys():
    got = targets(lots(0.2), [[BUY, BUY, BUY]], weight=[[0.19, 0.2, 0.35]])
    np.testing.assert_array_equal(got, [[0.2, NAN, NAN]])
    got = targets(lots(0.2, short=True), [[SHORT, SHORT, SHORT]], weight=[[-0.19, -0.2, -0.35]])
    np.testing.assert_array_equal(got, [[-0.2, NAN, NAN]])


def test_a_position_can_be_turned_around():
    got = targets(lots(0.2, short=True), [[BUY, SHORT, SELL, HOLD]], weight=[[-0.3, 0.3, -0.3, -0.3]])
    np.testing.assert_array_equal(got, [[0.2, -0.2, 0.0, NAN]])


def test_a_non_member_is_neither_bought_nor_sold_short():
    got = targets(lots(0.2, short=True), [[BUY, SELL, SHORT]], member=[[False] * 3])
    np.testing.assert_array_equal(got, [[NAN, 0.0, NAN]])


def test_softmax_by_hand():
    # e^0 : e^ln2 : e^ln3, cash e^ln4 -> 1, 2, 3 and 4 tenths.
    got = targets(softmax(10.0), np.log([[1.0, 2.0, 3.0, 4.0]]))
    np.testing.assert_allclose(got, [[0.1, 0.2, 0.3]], rtol=1e-12)


def test_softmax_leaves_out_non_members():
    got = targets(softmax(10.0), np.log([[1.0, 2.0, 3.0, 4.0]]), member=[[True, False, True]])
    np.testing.assert_allclose(got, [[1 / 8, 0.0, 3 / 8]], rtol=1e-12)


def test_logits_are_bounded():
    got = targets(softmax(1.0), [[1e9, -1e9, 0.0]])
    e = np.e
    np.testing.assert_allclose(got, [[e / (e + 1 / e + 1), 1 / e / (e + 1 / e + 1)]], rtol=1e-12)


def test_the_leverage_of_a_long_only_softmax_means_nothing():
    value = np.random.default_rng(0).normal(size=(5, 4))
    wide = TargetWeights(max_logit=10.0, allow_short=False, max_leverage=3.0)
    np.testing.assert_array_equal(targets(wide, value), targets(softmax(10.0), value))


def test_signed_weights_by_hand():
    # ln(1 + e^ln(e - 1)) = 1, so |1| + |-2| + 1 = 4 parts share a leverage of 2.
    cash = math.log(math.e - 1.0)
    got = targets(signed(10.0, 2.0), [[1.0, -2.0, 5.0, cash]], member=[[True, True, False]])
    np.testing.assert_allclose(got, [[0.5, -1.0, 0.0]], rtol=1e-12)
    np.testing.assert_allclose(targets(signed(3.0, 1.0), [[-99.0, cash]]), [[-0.75]], rtol=1e-12)


def test_no_signal_and_no_cash_is_no_position():
    got = targets(signed(1000.0, 1.0), [[0.0, 0.0, -1000.0], [0.0, -1.0, -1000.0], [0.0, 1.0, 1000.0]])
    np.testing.assert_allclose(got, [[0.0, 0.0], [0.0, -1.0], [0.0, 1 / 1001]], rtol=1e-12)


def test_changes_by_hand():
    value, weight = [[1.0, -0.5, 0.25, -1.0]], [[0.1, 0.3, 0.2, 0.1]]
    got = targets(deltas(0.4), value, weight=weight)
    np.testing.assert_allclose(got, [[0.5, 0.1, 0.3, 0.0]], rtol=1e-12)
    got = targets(deltas(0.4, short=True), value, weight=weight)
    np.testing.assert_allclose(got, [[0.5, 0.1, 0.3, -0.3]], rtol=1e-12)


def test_a_change_inside_the_dead_band_holds_and_on_its_edge_trades():
    got = targets(deltas(0.5, 0.25), [[0.49, -0.49, 0.5, -0.5, 0.0]], weight=[[0.5] * 5])
    np.testing.assert_array_equal(got, [[NAN, NAN, 0.75, 0.25, NAN]])
    got = targets(deltas(0.5), [[0.0]], weight=[[0.3]])
    np.testing.assert_array_equal(got, [[0.3]])  # without a band nothing holds


def test_changes_are_bounded_and_non_members_leave():
    value, member = [[9.0, -9.0, 9.0, 0.0]], [[True, True, False, False]]
    got = targets(deltas(0.5, 0.1), value, weight=[[0.5] * 4], member=member)
    np.testing.assert_array_equal(got, [[1.0, 0.0, 0.0, 0.0]])


def scalar_discrete(action, choice, member, weight):
    if choice == SELL:
        return 0.0
    if choice == BUY and member and weight < action.lot_weight:
        return action.lot_weight
    if choice == SHORT and action.allow_short and member and weight > -action.lot_weight:
        return -action.lot_weight
    return NAN


def scalar_weights(action, values, member):
    *x, cash = (min(max(float(v), -action.max_logit), action.max_logit) for v in values)
    if action.allow_short:
        total = sum(abs(a) for a, m in zip(x, member, strict=True) if m) + math.log1p(math.exp(cash))
        return [a * action.max_leverage / total if m else 0.0 for a, m in zip(x, member, strict=True)]
    total = sum(math.exp(a) for a, m in zip(x, member, strict=True) if m) + math.exp(cash)
    return [math.exp(a) / total if m else 0.0 for a, m in zip(x, member, strict=True)]


def scalar_delta(action, x, member, weight):
    x = min(max(float(x), -1.0), 1.0)
    if not member:
        return 0.0
    if abs(x) * action.max_delta < action.dead_band:
        return NAN
    target = weight + action.max_delta * x
    return target if action.allow_short else max(target, 0.0)


@pytest.mark.parametrize("short", [False, True])
def test_every_formula_against_a_scalar_loop(short):
    rng = np.random.default_rng(4)
    shape = (16, 50)
    member = rng.random(shape) < 0.8
    weight = np.where(rng.random(shape) < 0.5, rng.uniform(-0.3 * short, 0.3, shape), 0.0)
    cells = list(np.ndindex(shape))

    action = lots(0.1, short=short)
    choice = rng.integers(0, action.choices, shape)
    expected = [scalar_discrete(action, choice[c], member[c], weight[c]) for c in cells]
    got = action.target_weights(choice, member=member, weight=weight)
    np.testing.assert_array_equal(got.ravel(), expected)

    action = TargetWeights(max_logit=5.0, allow_short=short, max_leverage=1.7)
    values = rng.normal(0, 4, (16, 51)).astype(np.float32)
    expected = [scalar_weights(action, v, m) for v, m in zip(values, member, strict=True)]
    got = action.target_weights(values, member=member, weight=weight)
    np.testing.assert_allclose(got, expected, rtol=1e-12)

    action = deltas(0.2, 0.05, short=short)
    x = rng.normal(0, 0.7, shape).astype(np.float32)
    expected = [scalar_delta(action, x[c], member[c], weight[c]) for c in cells]
    got = action.target_weights(x, member=member, weight=weight)
    np.testing.assert_allclose(got.ravel(), expected, rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8])
def test_any_integer_and_any_memory_order_will_do(dtype):
    rng = np.random.default_rng(1)
    choice, member = rng.integers(0, 4, (6, 8)), rng.random((6, 8)) < 0.7
    weight = rng.uniform(-0.3, 0.3, (6, 8))
    action = lots(0.1, short=True)
    expected = targets(action, choice, member=member, weight=weight)
    wide = np.zeros((12, 16), dtype)
    wide[::2, ::2] = choice
    for value in (np.asfortranarray(choice.astype(dtype)), wide[::2, ::2]):
        got = targets(action, value, member=np.asfortranarray(member), weight=np.asfortranarray(weight))
        np.testing.assert_array_equal(got, expected)


def test_the_arguments_are_left_alone():
    rng = np.random.default_rng(2)
    member, weight = rng.random((4, 5)) < 0.7, rng.random((4, 5))
    for action in (lots(0.1), softmax(1.0), signed(1.0, 1.0), deltas(0.5)):
        value = rng.integers(0, 3, (4, 5)) if action.choices else rng.normal(0, 3, action.space(5).shape)
        value = np.broadcast_to(value, (4, value.shape[-1])).copy()
        copies = [a.copy() for a in (value, member, weight)]
        action.target_weights(value, member=member, weight=weight)
        for before, after in zip(copies, (value, member, weight), strict=True):
            np.testing.assert_array_equal(before, after)


def test_spaces():
    assert lots(0.1).space(3).nvec.tolist() == [3, 3, 3]
    assert lots(0.1, short=True).space(2).nvec.tolist() == [4, 4]
    for action in (softmax(4.0), signed(4.0, 1.0)):
        box = action.space(3)
        assert box.shape == (4,) and (box.high == 4).all() and (box.low == -4).all()
        assert action.choices is None
    box = deltas(0.5).space(3)
    assert box.shape == (3,) and (box.high == 1).all() and (box.low == -1).all()
    assert (lots(0.1).choices, lots(0.1, short=True).choices, deltas(0.5).choices) == (3, 4, None)


def test_decoding_reads_members_and_weights_off_the_observation():
    market = make_market(np.full((3, 3), 10.0), np.full((3, 3), 10.0), member=[[True, True, False]] * 3)
    environment = make_environment("discrete_short", cost_bps=0.0)
    sim = environment.simulator(
        market, ledger=Ledger.open(1, 3, 100.0), scenario=np.zeros(1, np.int64), row=np.zeros(1, np.int64)
    )
    seen = sim.step(np.array([[0.3, -0.3, 0.0]]), np.zeros((1, sim.layout.size), np.float32))
    got = decode(environment.action, sim.layout, seen, np.array([[BUY, BUY, BUY]]))
    np.testing.assert_array_equal(got, [[NAN, 0.25, NAN]])
    got = decode(environment.action, sim.layout, seen, np.array([[SHORT, SHORT, SHORT]]))
    np.testing.assert_array_equal(got, [[-0.25, NAN, NAN]])


@pytest.mark.parametrize("wrong", [-0.1, 1.1, NAN])
def test_a_lot_outside_0_1_is_refused(wrong):
    with pytest.raises(ValidationError, match="lot_weight"):
        lots(wrong)


@pytest.mark.parametrize(
    ("build", "key"),
    [
        (lambda: deltas(0.0), "max_delta"),
        (lambda: deltas(2.1), "max_delta"),
        (lambda: deltas(0.1, -0.1), "dead_band"),
        (lambda: signed(0.0, 1.0), "max_logit"),
        (lambda: signed(1.0, 0.0), "max_leverage"),
        (lambda: signed(1.0, math.inf), "max_leverage"),
    ],
)
def test_settings_out_of_range_are_refused(build, key):
    with pytest.raises(ValidationError, match=key):
        build()
