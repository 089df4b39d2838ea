"""How a policy trades a window: one portfolio through the execution kernel, as a backtest would run it."""

import math

import numpy as np
import numpy.typing as npt

from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio
from ploutos.execution.ledger import Ledger
from ploutos.types import Policy
from ploutos.types.ratio import ratio

RUIN = 1e-9  # share of the capital that counts as all lost; keeps the logarithm finite

Floats = npt.NDArray[np.float64]


def evaluate(policy: Policy, environment: Portfolio, market: Market, rows: slice) -> dict[str, float]:
    """Return figures after costs of `policy` on the rows of a window, started in cash.

    Returns
    -------
    `sharpe` : mean / standard deviation of session returns, a year, 0 where nothing varies.
    `log_growth` : ln(equity at the end / at the start) of the whole window.
    """
    return figures_of(equity_path(policy, environment, market, rows), market, rows)


def figures_of(equity: Floats, market: Market, rows: slice) -> dict[str, float]:
    """Return the figures of `evaluate` for the equity [bars + 1] on the rows of a window."""
    last = market.tape.session_last[rows]
    ends = np.unique(np.minimum(last, rows.stop - 1)) - rows.start + 1
    growth = max(float(equity[-1] / equity[0]), RUIN)
    return {
        "sharpe": sharpe(equity[np.concatenate([[0], ends])], market.sessions_per_year),
        "log_growth": math.log(growth),
    }


def equity_path(policy: Policy, environment: Portfolio, market: Market, rows: slice) -> Floats:
    """Return the equity [bars + 1], first the capital: decided at the close before `rows`, filled inside."""
    first = np.full(1, rows.start - 1)
    return equity_paths(policy, environment, market, first, rows.stop - rows.start)[:, 0]


def equity_paths(
    policy: Policy, environment: Portfolio, market: Market, first: npt.NDArray[np.int64], bars: int
) -> Floats:
    """Return the equity [bars + 1, B] of portfolios that start in cash at the close of rows `first` [B]."""
    batch = len(first)
    ledger = Ledger.open(batch, market.assets, environment.initial_capital)
    simulator = environment.simulator(market, ledger=ledger, scenario=np.zeros(batch, np.int64), row=first)
    state = policy.reset(batch)
    observation = simulator.observe(np.zeros((batch, simulator.layout.size), np.float32))
    equity = np.empty((bars + 1, batch))
    equity[0] = ledger.equity
    for k in range(1, bars + 1):
        action = policy.act(observation, state)
        state = action.state
        simulator.step(action.target_weights, observation)
        equity[k] = ledger.equity
    simulator.close()
    return equity


def sharpe(closes: Floats, per_year: float) -> float:
    """Return the yearly ratio of the returns between `closes` [S + 1] of sessions; ruin is absorbing."""
    alive = np.where(np.minimum.accumulate(closes) > 0, closes, 0.0)
    before, after = alive[:-1], alive[1:]
    returns = np.divide(after, before, out=np.ones_like(after), where=before > 0) - 1.0
    if len(returns) < 2:
        return 0.0
    mean, deviation = returns.mean(keepdims=True), returns.std(ddof=1, keepdims=True)
    return float(ratio(mean, deviation)[0]) * math.sqrt(per_year)
