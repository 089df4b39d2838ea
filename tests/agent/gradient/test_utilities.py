"""Utilities against NumPy and against the rewards of the same names."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ploutos.agent.utility.drawdown_penalised import DrawdownPenalised
from ploutos.agent.utility.log_return import LogReturn
from ploutos.agent.utility.sharpe import Sharpe
from ploutos.env.reward.base import Bar
from ploutos.env.reward.drawdown_penalised import DrawdownPenalised as Reward

NOTHING = torch.zeros(3, 0, dtype=torch.float64)


def growth_of(seed, bars=9, batch=3, scale=0.03):
    return np.random.default_rng(seed).normal(0.001, scale, (bars, batch))


def test_log_return_is_the_mean_in_percent():
    growth = growth_of(0)
    value, state = LogReturn()(torch.as_tensor(growth), NOTHING)
    assert value.item() == pytest.approx(100.0 * growth.mean()) and state is NOTHING


def test_sharpe_is_that_of_all_simple_returns_together():
    growth = growth_of(1)
    returns = np.expm1(growth)
    value, _ = Sharpe(volatility_floor=0.01)(torch.as_tensor(growth), NOTHING)
    assert value.item() == pytest.approx(returns.mean() / np.sqrt(returns.var() + 0.01**2))


def test_sharpe_of_cash_is_nothing_and_has_a_slope():
    growth = torch.zeros(4, 3, dtype=torch.float64, requires_grad=True)
    value, _ = Sharpe(volatility_floor=1e-4)(growth, NOTHING)
    value.backward()
    assert value.item() == 0.0 and (growth.grad > 0).all() and growth.grad.isfinite().all()


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), cuts=st.sampled_from([[12], [4, 8], [1, 5, 6]]), penalty=st.floats(0, 3))
def test_drawdown_penalised_adds_up_to_what_the_reward_pays(seed, cuts, penalty):
    growth = growth_of(seed, bars=sum(cuts))
    utility, state = DrawdownPenalised(penalty=penalty), torch.zeros(3, 2, dtype=torch.float64)
    total, first = 0.0, 0
    for bars in cuts:
        value, state = utility(torch.as_tensor(growth[first : first + bars]), state)
        total, first = total + value.item() * bars, first + bars
    reward, equity, paid = Reward(scale=100.0, penalty=penalty), np.ones(3), 0.0
    kept, peak = reward.start(3), np.ones(3)
    for row in growth:
        after = equity * np.exp(row)
        now = np.maximum(peak, after)
        pay, kept = reward(Bar(equity, after, peak, now, np.zeros(3)), kept)
        equity, peak, paid = after, now, paid + pay.mean()
    assert total == pytest.approx(paid, rel=1e-9, abs=1e-9)


def test_the_worst_bar_bears_the_charge():
    growth = torch.tensor([[0.01], [-0.02], [-0.03], [0.04]], dtype=torch.float64, requires_grad=True)
    value, state = DrawdownPenalised(penalty=1.0)(growth, torch.zeros(1, 2, dtype=torch.float64))
    value.backward()
    # Falling deeper costs e^-0.05 more, four bars to a mean; before the peak and after the low nothing.
    deeper = np.exp(-0.05)
    np.testing.assert_allclose(growth.grad[:, 0], 25.0 * np.array([1, 1 + deeper, 1 + deeper, 1]))
    np.testing.assert_allclose(state[0], [-0.01, -np.expm1(-0.05)])
