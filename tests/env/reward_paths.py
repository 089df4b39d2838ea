"""Equity paths fed to rewards bar by bar, and every reward with settings that make its terms matter."""

import numpy as np
from hypothesis import strategies as st

from ploutos.env.reward.base import Bar
from ploutos.env.reward.composite import Composite
from ploutos.env.reward.differential_sharpe import DifferentialSharpe
from ploutos.env.reward.drawdown_penalised import DrawdownPenalised
from ploutos.env.reward.log_return import LogReturn

SHARPE = {"adaptation_rate": 0.05, "volatility_floor": 0.002, "credit_losing_record": False}
COMPOSITE = {
    "log_return_weight": 100.0,
    "differential_sharpe_weight": 0.1,
    "drawdown_weight": 50.0,
    "turnover_weight": 0.5,
} | SHARPE
REWARDS = {
    "log_return": LogReturn(scale=100.0),
    "differential_sharpe": DifferentialSharpe(scale=0.25, **SHARPE),
    "drawdown_penalised": DrawdownPenalised(scale=100.0, penalty=0.5),
    "composite": Composite(**COMPOSITE),
}

any_return = st.floats(-0.3, 0.3)
loss = st.floats(-0.3, -1e-5)
gain = st.floats(1e-5, 0.3)


def sharpe_only(**changes):
    return DifferentialSharpe(**{"scale": 1.0} | SHARPE | changes)


def composite_of(**changes):
    """Return the composite of which every weight is 0 except for `changes`."""
    return Composite(**{name: 0.0 for name in COMPOSITE if name.endswith("_weight")} | SHARPE | changes)


def bars_of(equity, turnover=0.0):
    """Yield the bars of equity [T + 1] or [T + 1, B]; the peak begins with the first row."""
    equity = np.asarray(equity, float)
    equity = equity[:, None] if equity.ndim == 1 else equity
    peak = np.maximum.accumulate(equity)
    turnover = np.broadcast_to(np.asarray(turnover, float), equity.shape)
    for t in range(len(equity) - 1):
        yield Bar(equity[t], equity[t + 1], peak[t], peak[t + 1], turnover[t])


def paid(reward, equity, turnover=0.0):
    """Return the rewards [T] (or [T, B]) of an equity path."""
    state = reward.start(1 if np.ndim(equity) == 1 else np.shape(equity)[1])
    rewards = []
    for bar in bars_of(equity, turnover):
        pay, state = reward(bar, state)
        rewards.append(pay)
    rewards = np.array(rewards)
    return rewards[:, 0] if np.ndim(equity) == 1 else rewards


def equity_of(returns, start=1_000_000.0):
    """Return the equity path [T + 1] of simple returns; a return of 0 leaves it as it is to the bit."""
    return start * np.cumprod([1.0, *(1.0 + np.asarray(returns, float))])
