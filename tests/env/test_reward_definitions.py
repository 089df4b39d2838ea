"""Each reward against its definition, computed here in another way."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from reward_paths import COMPOSITE, REWARDS, any_return, composite_of, equity_of, paid, sharpe_only

from ploutos.env.reward.drawdown_penalised import DrawdownPenalised
from ploutos.env.reward.log_return import LogReturn
from ploutos.types import ConfigError

paths = st.lists(any_return, min_size=1, max_size=25)


def moody_saffell(returns, eta, floor):
    """Return D_t of the paper with its moments A and B in plain floats; B - A^2 not below floor^2."""
    a, b, out = 0.0, floor**2, []
    for r in returns:
        da, db = r - a, r * r - b
        out.append((b * da - 0.5 * a * db) / (b - a * a) ** 1.5)
        a, b = a + eta * da, b + eta * db
        b = max(b, a * a + floor**2)
    return out


def sharpe(a, b):
    return a / math.sqrt(b - a * a)


def test_log_return_of_one_bar():
    assert paid(LogReturn(scale=100.0), [200.0, 210.0]) == pytest.approx([100 * math.log(1.05)])


def test_losing_everything_is_paid_with_a_finite_number():
    rewards = paid(LogReturn(scale=1.0), [[100.0, 0.0, 100.0], [0.0, 0.0, 50.0]])
    assert rewards[0] == pytest.approx([math.log(1e-6), 0.0, math.log(0.5)])


@given(paths)
def test_log_returns_add_up_to_the_log_of_the_profit(returns):
    equity = equity_of(returns)
    assert sum(paid(LogReturn(scale=3.0), equity)) == pytest.approx(
        3 * math.log(equity[-1] / equity[0]), abs=1e-9
    )


@given(paths, st.sampled_from([0.001, 0.01, 0.1, 0.5]), st.sampled_from([0.0005, 0.01]))
def test_differential_sharpe_is_the_formula_of_the_paper(returns, eta, floor):
    reward = sharpe_only(adaptation_rate=eta, volatility_floor=floor, credit_losing_record=True)
    equity = equity_of(returns)
    expected = moody_saffell(equity[1:] / equity[:-1] - 1, eta, floor)
    assert paid(reward, equity) == pytest.approx(expected, rel=1e-6, abs=1e-6)


@given(paths)
def test_without_credit_the_formula_differs_under_a_losing_record_only(returns):
    equity = equity_of(returns)
    paper = moody_saffell(equity[1:] / equity[:-1] - 1, 0.05, 0.002)
    rewards = paid(sharpe_only(), equity)
    mean = 0.0
    for r, ours, theirs in zip(returns, rewards, paper, strict=True):
        if mean > 1e-9:
            assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-6)
        else:
            assert ours <= theirs + 1e-6 * (1 + abs(theirs))
        mean += 0.05 * (r - mean)


@pytest.mark.parametrize("credit", [False, True])
def test_differential_sharpe_is_the_derivative_of_the_sharpe_ratio(credit):
    """D_t = dS_t / d eta at eta = 0, where S_t(eta) moves the moments before t by the share eta."""
    rng = np.random.default_rng(3)
    returns = rng.normal(0.001, 0.01, 300)
    equity = equity_of(returns)
    rewards = paid(sharpe_only(adaptation_rate=0.02, credit_losing_record=credit), equity)
    a, b, compared = 0.0, 0.002**2, 0
    for r, reward in zip(equity[1:] / equity[:-1] - 1, rewards, strict=True):
        h = 1e-6
        forward, backward = (sharpe(a + e * (r - a), b + e * (r * r - b)) for e in (h, -h))
        if credit or a >= 0:
            assert reward == pytest.approx((forward - backward) / (2 * h), rel=1e-5, abs=1e-7)
            compared += 1
        a, b = a + 0.02 * (r - a), b + 0.02 * (r * r - b)
        b = max(b, a * a + 0.002**2)
    assert compared > 100


@given(paths)
def test_differential_sharpe_pays_at_most_the_return_in_units_of_the_lowest_volatility(returns):
    rewards = paid(sharpe_only(volatility_floor=0.01), equity_of(returns))
    assert (rewards <= np.maximum(np.asarray(returns), 0.0) / 0.01 + 1e-9).all()


def test_drawdown_penalised_by_hand():
    """Falls of 10 % and, after a new peak, of 25 %; the fall of 5 % between them is not a deeper one."""
    equity = [100.0, 90.0, 100.0, 95.0, 200.0, 150.0, 150.0]
    logs = [math.log(y / x) for x, y in pairwise(equity)]
    charged = [0.10, 0.0, 0.0, 0.0, 0.15, 0.0]
    expected = [10 * (g - 0.5 * d) for g, d in zip(logs, charged, strict=True)]
    assert paid(DrawdownPenalised(scale=10.0, penalty=0.5), equity) == pytest.approx(expected, abs=1e-12)


@given(paths, st.floats(0, 3))
def test_drawdown_penalised_adds_up_to_log_profit_less_maximum_drawdown(returns, penalty):
    equity = equity_of(returns)
    deepest = max(1 - low / max(equity[: i + 1]) for i, low in enumerate(equity))
    total = sum(paid(DrawdownPenalised(scale=2.0, penalty=penalty), equity))
    assert total == pytest.approx(2 * (math.log(equity[-1] / equity[0]) - penalty * deepest), abs=1e-9)


@given(paths)
def test_composite_of_one_term_is_that_term_to_the_bit(returns):
    equity = equity_of(returns)
    assert (paid(composite_of(log_return_weight=7.0), equity) == paid(LogReturn(scale=7.0), equity)).all()
    assert (paid(composite_of(differential_sharpe_weight=1.0), equity) == paid(sharpe_only(), equity)).all()


@given(paths, st.data())
def test_composite_is_the_weighted_sum(returns, data):
    equity = equity_of(returns)
    turnover = data.draw(st.lists(st.floats(0, 2), min_size=len(equity), max_size=len(equity)))
    logs = paid(LogReturn(scale=1.0), equity)
    falls = logs - paid(DrawdownPenalised(scale=1.0, penalty=1.0), equity)
    expected = 100 * logs + 0.1 * paid(sharpe_only(), equity) - 50 * falls - 0.5 * np.array(turnover[:-1])
    rewards = paid(REWARDS["composite"], equity, np.array(turnover)[:, None])
    assert rewards == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_a_composite_that_pays_nothing_for_a_profit_is_refused():
    with pytest.raises(ConfigError, match="log_return_weight and differential_sharpe_weight are both 0"):
        composite_of(drawdown_weight=1.0)


@pytest.mark.parametrize("name", [name for name in COMPOSITE if name.endswith("_weight")])
def test_a_negative_weight_is_refused(name):
    with pytest.raises(ValidationError, match=name):
        composite_of(**{name: -0.1})


@pytest.mark.parametrize(
    ("name", "value"), [("adaptation_rate", 0.0), ("adaptation_rate", 1.0), ("volatility_floor", 0.0)]
)
def test_moments_that_do_not_move_or_have_no_floor_are_refused(name, value):
    with pytest.raises(ValidationError, match=name):
        sharpe_only(**{name: value})
