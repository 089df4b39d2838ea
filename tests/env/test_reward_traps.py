"""Nobody is paid for idling or churning, in any order of events; ruin and debt stay finite."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reward_paths import REWARDS, any_return, bars_of, equity_of, gain, loss, paid, sharpe_only

from ploutos.env.reward.base import Bar

every_reward = pytest.mark.parametrize("name", REWARDS)
pauses = st.integers(1, 60)
histories = st.lists(any_return, max_size=20)


def idle_after(returns, bars):
    return equity_of([*returns, *[0.0] * bars])


@every_reward
def test_idle_from_the_start_earns_exactly_nothing(name):
    assert not paid(REWARDS[name], np.full(300, 12_345.67)).any()


@every_reward
@given(returns=histories, bars=pauses)
def test_idle_is_never_paid_whatever_came_before(name, returns, bars):
    rewards = paid(REWARDS[name], idle_after(returns, bars))
    assert (rewards[len(returns) :] <= 0).all()


@pytest.mark.parametrize("name", ["log_return", "drawdown_penalised"])
@given(returns=histories, bars=pauses)
def test_idle_earns_exactly_nothing_whatever_came_before(name, returns, bars):
    assert not paid(REWARDS[name], idle_after(returns, bars))[len(returns) :].any()


@every_reward
@given(win=gain, bars=pauses)
def test_one_win_is_never_worth_more_later(name, win, bars):
    total = np.cumsum(paid(REWARDS[name], idle_after([win], bars)))
    assert total[0] > 0
    assert (total <= total[0]).all() and (total > 0).all()


@every_reward
@given(lost=loss, bars=pauses)
def test_one_loss_is_never_made_good_by_idling(name, lost, bars):
    rewards = paid(REWARDS[name], idle_after([lost], bars))
    assert rewards[0] < 0 and not rewards[1:].any()


@given(lost=loss, bars=pauses, eta=st.floats(0.001, 0.5))
def test_with_the_credit_of_the_paper_idling_makes_good_part_of_one_loss(lost, bars, eta):
    reward = sharpe_only(adaptation_rate=eta, credit_losing_record=True)
    rewards = paid(reward, idle_after([lost], bars))
    assert (rewards[1:] >= 0).all() and rewards.sum() < 0


def test_the_credit_of_the_paper_pays_a_policy_that_only_ever_lost():
    """Why the credit is off by default: lose steadily, then idle or crash."""
    for last in ([0.0] * 100, [-0.5]):
        equity = equity_of([-0.025] * 100 + last)
        assert paid(sharpe_only(credit_losing_record=True), equity).sum() > 0
        assert paid(sharpe_only(), equity).sum() < 0


@every_reward
@given(costs=st.lists(st.just(0.0) | st.floats(1e-6, 0.3), min_size=1, max_size=30))
def test_a_policy_that_only_ever_pays_costs_is_never_paid(name, costs):
    turnover = np.array([*costs, 0.0])[:, None] * 1000
    rewards = paid(REWARDS[name], equity_of(-np.array(costs)), turnover)
    assert (rewards <= 0).all()
    assert (rewards[np.array(costs) > 0] < 0).all()


@given(returns=st.lists(any_return, min_size=1, max_size=30))
def test_drawdown_penalised_never_pays_more_than_the_log_return(returns):
    equity = equity_of(returns)
    assert (paid(REWARDS["drawdown_penalised"], equity) <= paid(REWARDS["log_return"], equity)).all()


@given(returns=st.lists(any_return, min_size=1, max_size=30), cost=st.floats(1e-6, 0.01))
def test_a_higher_cost_in_every_bar_never_pays_more(returns, cost):
    """Trap 16 in the eyes of the rewards whose total is a function of the equity path."""
    dear = equity_of(np.asarray(returns) - cost)
    cheap = equity_of(returns)
    for name in ("log_return", "drawdown_penalised"):
        assert np.sum(paid(REWARDS[name], dear)) <= np.sum(paid(REWARDS[name], cheap)) + 1e-9


money = st.one_of(st.floats(-1e9, 1e9), st.sampled_from([0.0, 1e-9, -1e-9, 1e6]))


@every_reward
@given(equity=st.lists(money, min_size=1, max_size=12), last=st.floats(1, 1e9))
def test_ruin_debt_and_rescue_are_finite(name, equity, last):
    path = [1e6, *equity, last]
    rewards = paid(REWARDS[name], path)
    assert np.isfinite(rewards).all() and np.abs(rewards).max() < np.finfo(np.float32).max
    broke = np.array(path[:-1]) <= 0
    assert not rewards[broke].any()


@pytest.mark.parametrize("r", [-0.2, 0.2])
@every_reward
def test_the_same_return_for_ever_is_finite(name, r):
    assert np.isfinite(paid(REWARDS[name], equity_of([r] * 500, start=1e100))).all()


@every_reward
@given(data=st.data())
def test_portfolios_do_not_touch_each_other(name, data):
    returns = np.array(data.draw(st.lists(st.tuples(*[any_return] * 3), min_size=1, max_size=20)))
    equity = 1e6 * np.cumprod(np.vstack([np.ones(3), 1 + returns]), axis=0)
    together = paid(REWARDS[name], equity)
    for one in range(3):
        assert (together[:, one] == paid(REWARDS[name], equity[:, one])).all()


@every_reward
def test_a_reward_changes_neither_its_arguments_nor_itself(name):
    reward, rng = REWARDS[name], np.random.default_rng(0)
    state = reward.start(4)
    assert state.shape[0] == 4 and state.dtype == np.float64
    before = dict(vars(reward))
    for bar in bars_of(rng.uniform(-10, 100, (20, 4)), rng.uniform(0, 1, (20, 4))):
        frozen = Bar(*(column.copy() for column in bar))
        for array in (*frozen, state):
            array.flags.writeable = False
        pay, following = reward(frozen, state)
        again, _ = reward(frozen, state)
        assert pay.shape == (4,) and pay.dtype == np.float64 and following.shape == state.shape
        assert (pay == again).all()
        state = following.copy()
    assert vars(reward) == before
    assert (reward.start(4) == reward.start(5)[:4]).all()
