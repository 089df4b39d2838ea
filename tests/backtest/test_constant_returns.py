"""Returns that vary by rounding alone have a ratio of 0, wherever a ratio is formed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ploutos.agent.stopping.evaluation import sharpe as sharpe_of_closes
from ploutos.backtest.metrics import note, sharpe, sortino, vol_annual
from ploutos.validation.resample import bootstrap_sharpe

DAYS = 252


def paths(mean, rounding, seed):
    """Return closes that grow by `mean` a session, rounded to the share `rounding` of themselves."""
    closes = 1e6 * np.cumprod(np.full(DAYS + 1, 1.0 + mean))
    closes *= 1.0 + rounding * np.random.default_rng(seed).uniform(-1, 1, DAYS + 1)
    return closes


@settings(max_examples=60, deadline=None)
@given(
    mean=st.sampled_from([1e-2, 1e-3, 1e-4, 1e-6, 1e-8, -1e-4, 0.0]),
    rounding=st.sampled_from([0.0, 1e-16, 1e-14, 1e-12, 3e-10]),
    seed=st.integers(0, 999),
)
def test_rounding_is_no_deviation(mean, rounding, seed):
    closes = paths(mean, rounding, seed)
    returns = closes[1:] / closes[:-1] - 1.0
    assert sharpe(returns, 252.0) == 0.0
    # Every session loses as much: what lies below 0 is the loss itself, and no rounding.
    assert sortino(returns, 252.0) == (0.0 if mean > -1e-5 else pytest.approx(-np.sqrt(252.0), rel=1e-4))
    assert sharpe_of_closes(closes, 252.0) == 0.0
    assert "no more than rounding" in note(returns)
    drawn = bootstrap_sharpe(
        returns[None], resamples=100, block_sessions=5.0, sessions_per_year=252.0, seed=seed
    )
    assert (drawn == 0.0).all()


@pytest.mark.parametrize("mean", [1e-4, 0.0, -1e-3])
@pytest.mark.parametrize("deviation", [1e-7, 1e-5, 1e-2])
def test_a_small_deviation_is_one(mean, deviation):
    """Also that of a money market fund, 1e-5 a day: Sharpe ratios of hundreds are its own."""
    returns = mean + deviation * np.random.default_rng(0).standard_normal(DAYS)
    by_hand = returns.mean() / returns.std(ddof=1) * np.sqrt(252.0)
    assert sharpe(returns, 252.0) == pytest.approx(by_hand, rel=1e-12)
    closes = np.cumprod(np.r_[1.0, 1.0 + returns])
    assert sharpe_of_closes(closes, 252.0) == pytest.approx(by_hand, rel=1e-6)
    assert note(returns) == ""
    assert vol_annual(returns, 252.0) == pytest.approx(returns.std(ddof=1) * np.sqrt(252.0))


def test_one_loss_of_rounding_makes_no_sortino_ratio():
    returns = np.r_[np.random.default_rng(1).uniform(0.001, 0.01, DAYS), -1e-15]
    assert sortino(returns, 252.0) == 0.0 and sharpe(returns, 252.0) > 0.0
    returns[-1] = -1e-4
    downside = 1e-4 / np.sqrt(DAYS + 1)
    assert sortino(returns, 252.0) == pytest.approx(returns.mean() / downside * np.sqrt(252.0))
