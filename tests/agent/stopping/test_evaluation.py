"""What the validation window says of a policy is what its backtest says."""

import math
from dataclasses import replace

import numpy as np
import pytest

from climbing.climber import Linear
from hand_market import ALONE, make_environment, make_market, margin_account, random_market
from ploutos.agent.equal_weight import EqualWeight
from ploutos.agent.stopping.evaluation import equity_path, evaluate, figures_of, sharpe
from ploutos.backtest.metrics import sharpe as backtest_sharpe
from ploutos.backtest.out_of_sample import OutOfSample
from ploutos.execution.tape import read_only
from ploutos.types import Policy
from ploutos.types.monitor import Silent

ROWS = slice(40, 117)  # begins and ends within a session of 7 bars


@pytest.fixture(scope="module")
def market():
    return random_market(np.random.default_rng(3), rows=200, assets=3, features=2)


def policy_of(environment, market) -> Policy:
    import torch

    torch.manual_seed(0)
    return Linear(torch.nn.Linear(2, 1), environment.action, environment.layout(market))


def test_the_equity_is_the_backtests(market):
    environment = make_environment("target_weights", capital=2e5)
    policy = policy_of(environment, market)
    equity = equity_path(policy, environment, market, ROWS)
    track = OutOfSample(capital=2e5).single(policy, environment, market, ROWS, fold=0)
    assert equity.tolist() == track.bars["equity"].to_list()
    figures = evaluate(policy, environment, market, ROWS)
    assert figures["log_growth"] == pytest.approx(math.log(equity[-1] / 2e5), rel=1e-12)

    # By hand: the window holds 2 bars of session 5, sessions 6 to 15, and 5 bars of session 16.
    closes = equity[[0, 2, *range(9, 78, 7), 77]]
    returns = closes[1:] / closes[:-1] - 1
    assert len(returns) == 12
    expected = backtest_sharpe(returns, 252.0)
    assert figures["sharpe"] == pytest.approx(expected, rel=1e-12)


def test_nothing_outside_the_window_counts_but_the_bar_before(market):
    environment = make_environment("target_weights")
    prices, features = np.array(market.tape.prices), np.array(market.features)
    for array in (prices, features):
        array[:, : ROWS.start - 1] = array[:, ROWS.stop :] = 3.0
    other = replace(market, features=read_only(features), tape=market.tape._replace(prices=read_only(prices)))
    policy = policy_of(environment, market)
    assert evaluate(policy, environment, market, ROWS) == evaluate(policy, environment, other, ROWS)


def test_the_markets_own_figure_annualises():
    """That of the calendar, whatever the first and last date of the data are."""
    closes = np.array([[10.0], [10.0], [11.0], [10.5], [12.0]])
    days = np.array([-18_000, 18_000, 18_001, 18_002, 30_000])  # strays at both ends
    market = make_market(
        closes, closes, ts=days * 86_400_000_000, bars_per_session=1, sessions_per_year=365.25
    )
    figures = figures_of(np.array([1.0, 1.1, 1.05, 1.2]), market, slice(2, 5))
    returns = np.array([0.1, 1.05 / 1.1 - 1, 1.2 / 1.05 - 1])
    assert figures["sharpe"] == pytest.approx(returns.mean() / returns.std(ddof=1) * 365.25**0.5)


def test_nothing_that_varies_is_no_skill():
    assert sharpe(np.array([1.0, 1.0, 1.0]), 252.0) == 0.0
    assert sharpe(np.array([1.0, 1.01, 1.0201]), 252.0) == 0.0
    assert sharpe(np.array([1.0, 1.1]), 252.0) == 0.0
    assert sharpe(np.array([1.0, 1.1, 1.045]), 4.0) == pytest.approx(
        np.mean([0.1, -0.05]) / np.std([0.1, -0.05], ddof=1) * 2
    )


def test_ruin_is_finite_and_worse_than_anything():
    """All is lost in the third bar with borrowed money, and later gains do not bring it back."""
    price = np.array([10.0, 10.0, 10.0, 1.0, 50.0, 60.0, 70.0, 80.0])[:, None]
    market = make_market(price, price, bars_per_session=1)
    environment = make_environment(
        "target_weights_short", cost_bps=0.0, account=margin_account(max_gross_leverage=3.0)
    )

    class AllIn(EqualWeight):
        def targets(self, layout, observation, decision):
            return np.full((len(observation), 1), 3.0)

    policy = AllIn(rebalance_bars=1).fit(environment, market, slice(0, 0), seed=0, monitor=Silent(), **ALONE)
    figures = evaluate(policy, environment, market, slice(1, 8))
    assert figures["log_growth"] == pytest.approx(math.log(1e-9))
    assert math.isfinite(figures["sharpe"]) and figures["sharpe"] < 0
