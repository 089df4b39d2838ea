"""How members decide together, against counting by hand."""

from collections import Counter
from itertools import product

import numpy as np
import pytest

from hand_market import make_environment, make_market
from ploutos.ensemble.majority import Majority, majority_vote
from ploutos.ensemble.mean import Mean
from ploutos.env.action.discrete import BUY, HOLD, SELL, SHORT, Discrete
from ploutos.env.action.target_weights import TargetWeights
from ploutos.execution.ledger import Ledger
from ploutos.types import Action, ConfigError

NAN = np.nan
LOTS = Discrete(lot_weight=0.25, allow_short=False)
LOTS_SHORT = Discrete(lot_weight=0.25, allow_short=True)
SHARES = TargetWeights(max_logit=1.0, allow_short=False, max_leverage=1.0)
SHARES_SHORT = TargetWeights(max_logit=1.0, allow_short=True, max_leverage=2.0)
MARKET = make_market(np.full((4, 3), 10.0), np.full((4, 3), 10.0))


class Member:
    """Says what it was told to, and counts its decisions in its state."""

    def __init__(self, value, targets=None):
        self.value = np.asarray(value)
        self.targets = np.asarray(self.value if targets is None else targets, dtype=float)
        self.seen = []

    def reset(self, batch):
        return 0

    def act(self, observation, state):
        self.seen.append((observation.copy(), state))
        return Action(self.value, self.targets, np.ones(self.targets.shape), state + 1)

    def save(self, folder):
        folder.mkdir(parents=True)
        (folder / "value.txt").write_text(str(self.value.tolist()))


def observation_with(weights):
    """Return the layout and an observation [1, D] of a portfolio with these weights."""
    sim = make_environment("discrete_short", cost_bps=0.0).simulator(
        MARKET, ledger=Ledger.open(1, 3, 100.0), scenario=np.zeros(1, np.int64), row=np.zeros(1, np.int64)
    )
    return sim.layout, sim.step(np.array([weights]), np.zeros((1, sim.layout.size), np.float32))


@pytest.mark.parametrize("choices", [(HOLD, BUY, SELL), (HOLD, BUY, SELL, SHORT)])
@pytest.mark.parametrize("members", [1, 2, 3, 4, 5])
def test_majority_over_every_combination_of_votes(members, choices):
    combinations = np.array(list(product(choices, repeat=members)))
    winner, share = majority_vote(combinations.T[:, None, :], len(choices))
    for k, votes in enumerate(combinations):
        (first, count), *others = Counter(votes.tolist()).most_common()
        tied = bool(others) and others[0][1] == count
        assert winner[0, k] == (HOLD if tied else first)
        assert share[0, k] == Counter(votes.tolist())[HOLD if tied else first] / members


def test_majority_decides_asset_by_asset_and_decodes_once():
    layout, seen = observation_with([0.3, 0.3, 0.0])
    council = Majority(
        [Member([[BUY, SELL, BUY]]), Member([[BUY, SELL, HOLD]]), Member([[HOLD, HOLD, SELL]])],
        LOTS,
        layout,
    )
    action = council.act(seen, council.reset(1))
    assert action.value.tolist() == [[BUY, SELL, HOLD]]
    np.testing.assert_array_equal(action.target_weights, [[NAN, 0.0, NAN]])  # 0.3 is above the lot already
    np.testing.assert_allclose(action.confidence, [[2 / 3, 2 / 3, 1 / 3]])


def test_a_majority_may_sell_short():
    layout, seen = observation_with([0.3, -0.3, 0.0])
    council = Majority(
        [Member([[SHORT, SHORT, BUY]]), Member([[SHORT, SHORT, SHORT]]), Member([[BUY, HOLD, SELL]])],
        LOTS_SHORT,
        layout,
    )
    action = council.act(seen, council.reset(1))
    assert action.value.tolist() == [[SHORT, SHORT, HOLD]]
    np.testing.assert_array_equal(
        action.target_weights, [[-0.25, NAN, NAN]]
    )  # -0.3 is beyond the lot already
    np.testing.assert_allclose(action.confidence, [[2 / 3, 2 / 3, 0.0]])


def test_each_member_sees_the_same_and_keeps_its_own_state():
    layout, seen = observation_with([0.0, 0.0, 0.0])
    members = [Member([[BUY] * 3]), Member([[SELL] * 3])]
    council = Majority(members, LOTS, layout)
    state = council.reset(1)
    for _ in range(2):
        state = council.act(seen, state).state
    assert state == [2, 2]
    for member in members:
        assert [s for _, s in member.seen] == [0, 1]
        assert all((o == seen).all() for o, _ in member.seen)


def test_majority_refuses_continuous_actions_and_names_mean():
    with pytest.raises(ConfigError, match=r"TargetWeights.*ensemble=mean") as refused:
        Majority.check(SHARES, casts_votes=True)
    assert "\n" not in str(refused.value)
    Majority.check(LOTS, casts_votes=True)
    Mean.check(SHARES, casts_votes=False)


def test_majority_refuses_members_that_speak_in_weights():
    with pytest.raises(ConfigError, match=r"decides in weights.*ensemble=mean"):
        Majority.check(LOTS, casts_votes=False)


def test_mean_by_hand():
    layout, seen = observation_with([0.5, 0.25, 0.125])
    members = [
        Member([[0.0]], [[0.2, NAN, NAN]]),
        Member([[0.0]], [[0.4, 0.75, NAN]]),
        Member([[0.0]], [[0.6, 0.5, NAN]]),
    ]
    action = Mean(members, SHARES, layout).act(seen, [0, 0, 0])
    # A hold counts as the current weight (0.25); all hold stays a hold.
    np.testing.assert_allclose(action.target_weights, [[0.4, 0.5, NAN]], rtol=1e-6)
    # Mean absolute deviations: (0.2 + 0 + 0.2) / 3, (0.25 + 0.25 + 0) / 3, 0.
    np.testing.assert_allclose(action.confidence, [[1 - 0.4 / 3, 1 - 0.5 / 3, 1.0]], rtol=1e-6)


def test_mean_of_long_and_short():
    layout, seen = observation_with([-0.25, 0.25, 0.0])
    members = [
        Member([[0.0]], [[NAN, -0.5, 1.5]]),
        Member([[0.0]], [[-0.75, 0.5, -1.5]]),
    ]
    action = Mean(members, SHARES_SHORT, layout).act(seen, [0, 0])
    # The short holding counts as -0.25; members three equities apart agree on nothing.
    np.testing.assert_allclose(action.target_weights, [[-0.5, 0.0, 0.0]], rtol=1e-6)
    np.testing.assert_allclose(action.confidence, [[0.75, 0.5, 0.0]], rtol=1e-6)


def test_mean_of_one_is_that_one():
    layout, seen = observation_with([0.5, 0.0, 0.0])
    action = Mean([Member([[0.0]], [[0.3, NAN, 0.0]])], LOTS, layout).act(seen, [0])
    np.testing.assert_array_equal(action.target_weights, [[0.3, NAN, 0.0]])
    np.testing.assert_array_equal(action.confidence, [[1.0, 1.0, 1.0]])


def test_members_are_saved_side_by_side(tmp_path):
    layout, _ = observation_with([0.0, 0.0, 0.0])
    Majority([Member([[0]]), Member([[1]])], LOTS, layout).save(tmp_path)
    assert [(tmp_path / str(k) / "value.txt").read_text() for k in range(2)] == ["[[0]]", "[[1]]"]
