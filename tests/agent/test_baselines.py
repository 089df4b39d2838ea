"""The rules, by hand."""

import numpy as np
import pytest

from hand_market import ALONE, make_environment, make_market
from ploutos.agent.buy_and_hold import BuyAndHold
from ploutos.agent.equal_weight import EqualWeight
from ploutos.agent.momentum_rule import MomentumRule
from ploutos.backtest.out_of_sample import OutOfSample
from ploutos.types import ConfigError
from ploutos.types.monitor import Silent

NAN = np.nan
ROWS = 7


def market(member=None, features=None, closes=None):
    closes = np.full((ROWS, 4), 10.0) if closes is None else closes
    features = np.zeros((ROWS, 4, 1)) if features is None else np.asarray(features)[..., None]
    member = np.ones((ROWS, 4), bool) if member is None else member
    return make_market(closes, closes, member=member, features=features, feature_names=("momentum",))


def told(rule, on, *, cost_bps=0.0):
    """Return target weights [ROWS - 1, 4] as logged, and the track."""
    environment = make_environment(cost_bps=cost_bps, capital=10_000.0)
    rule.check(environment, on)
    policy = rule.fit(environment, on, slice(0, 0), seed=0, monitor=Silent(), **ALONE)
    track = OutOfSample(capital=10_000.0).single(policy, environment, on, slice(1, ROWS), fold=0)
    targets = track.positions["target_weight"].to_numpy().reshape(ROWS, 4)
    return targets[1:], track


def test_equal_weight_over_members_on_a_schedule():
    member = np.ones((ROWS, 4), bool)
    member[:3, 0] = False
    targets, _ = told(EqualWeight(rebalance_bars=3), market(member))
    third, hold = 1 / 3, [NAN] * 4
    np.testing.assert_allclose(targets[0], [0, third, third, third])
    np.testing.assert_array_equal(targets[1:3], [[0, NAN, NAN, NAN]] * 2)  # still no member: kept at zero
    np.testing.assert_allclose(targets[3], [0.25] * 4)
    np.testing.assert_array_equal(targets[4:], [hold] * 2)


def test_equal_weight_earns_the_average_return():
    closes = np.full((ROWS, 4), 10.0)
    closes[2:] = [11.0, 10.0, 9.0, 14.0]  # +10 %, 0, -10 %, +40 %: on average +10 %
    _, track = told(EqualWeight(rebalance_bars=1), market(closes=closes))
    assert track.bars["equity"].to_list()[-1] == pytest.approx(11_000.0)


def test_buy_and_hold_never_trades_again():
    closes = np.full((ROWS, 4), 10.0) * np.linspace(1, 2, ROWS)[:, None] ** np.arange(4)
    _, track = told(BuyAndHold(), market(closes=closes), cost_bps=10.0)
    turnover = track.bars["turnover"].to_list()
    assert turnover[1] > 0.9 and not any(turnover[2:])
    shares = track.positions["shares"].to_numpy().reshape(ROWS, 4)
    assert (shares[1:] == shares[1]).all() and (shares[1] > 0).all()


def test_buy_and_hold_never_buys_a_name_that_joins_later():
    member = np.ones((ROWS, 4), bool)
    member[:2, 3] = False
    targets, _ = told(BuyAndHold(), market(member))
    np.testing.assert_allclose(targets[0], [1 / 3, 1 / 3, 1 / 3, 0])
    np.testing.assert_array_equal(targets[2:], [[NAN] * 4] * 4)


def test_momentum_holds_the_strongest_positive_members():
    strength = np.zeros((ROWS, 4))
    strength[0] = [0.1, 0.3, 0.2, 0.9]
    strength[2] = [-0.1, 0.4, -0.2, -0.3]  # only one is positive: half stays in cash
    strength[4] = [-0.1, -0.4, -0.2, -0.3]
    member = np.ones((ROWS, 4), bool)
    member[:2, 3] = False
    targets, _ = told(MomentumRule(feature="momentum", top=2, rebalance_bars=2), market(member, strength))
    np.testing.assert_allclose(targets[0], [0, 0.5, 0.5, 0])
    np.testing.assert_array_equal(targets[1], [NAN, NAN, NAN, 0])
    np.testing.assert_allclose(targets[2], [0, 0.5, 0, 0])
    np.testing.assert_allclose(targets[4], [0, 0, 0, 0])


def test_equal_strength_keeps_to_the_count():
    targets, _ = told(
        MomentumRule(feature="momentum", top=2, rebalance_bars=1), market(features=np.ones((ROWS, 4)))
    )
    assert (np.sort(targets, axis=1) == [0, 0, 0.5, 0.5]).all()


def test_momentum_on_an_unknown_feature_names_the_nearest():
    rule = MomentumRule(feature="momentun", top=2, rebalance_bars=1)
    with pytest.raises(ConfigError, match=r"unknown value 'momentun'\. Nearest: 'momentum'"):
        rule.check(make_environment(), market())


def test_no_member_no_trade():
    targets, track = told(EqualWeight(rebalance_bars=1), market(np.zeros((ROWS, 4), bool)))
    assert (targets == 0).all() and (track.bars["equity"] == 10_000.0).all()


@pytest.mark.parametrize("rule", [EqualWeight(rebalance_bars=2), BuyAndHold()])
def test_a_rule_is_saved_and_comes_back(rule, tmp_path):
    environment, on = make_environment(), market()
    rule.fit(environment, on, slice(0, 0), seed=0, monitor=Silent(), **ALONE).save(tmp_path)
    assert type(rule).__name__ in (tmp_path / "policy.json").read_text()
    again = rule.load(tmp_path, environment, on)
    seen = np.zeros((1, environment.layout(on).size), np.float32)
    assert again.act(seen, again.reset(1)).state == 1
