"""Runs a policy over a window of a market, bar by bar."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio
from ploutos.env.simulator import Simulator
from ploutos.execution.ledger import Ledger
from ploutos.types import Policy

ACCOUNT_COLUMNS = (
    "equity",
    "cash",
    "cost",
    "turnover",
    "realised",
    "dividends",
    "financing",
    "forced",
)
NAME_COLUMNS = ("target_weight", "shares", "weight", "traded", "cost", "confidence")


@dataclass(frozen=True)
class Recording:
    """What one portfolio (B = 1) did, bar by bar; all arrays start with the bar before the first trade."""

    rows: slice
    account: dict[str, npt.NDArray[np.float64]]  # by name, [T + 1]
    names: dict[str, npt.NDArray[np.float64]]  # by name, [T + 1, N]
    state: Any


def start_simulator(
    environment: Portfolio,
    market: Market,
    rows: slice,
    ledger: Ledger,
    scenario: npt.NDArray[np.int64],
    *,
    detailed: bool = False,
) -> Simulator:
    """Return a simulator at the decision before the window `rows`: that bar's close, filled inside it."""
    if rows.start < 1:
        raise ValueError("a window needs the bar before it: its first decision is taken there")
    row = np.full(len(scenario), rows.start - 1)
    return environment.simulator(market, ledger=ledger, scenario=scenario, row=row, detailed=detailed)


def record(
    policy: Policy,
    environment: Portfolio,
    market: Market,
    rows: slice,
    ledger: Ledger,
    state: Any = None,
) -> Recording:
    """Run one portfolio over `rows`, carrying `ledger` (B = 1) in place, and keep everything it did.

    `state` continues a policy from an earlier recording; None starts it afresh.
    """
    simulator = start_simulator(environment, market, rows, ledger, np.zeros(1, np.int64), detailed=True)
    bars, assets = rows.stop - rows.start, market.assets
    account = {name: np.zeros(bars + 1) for name in ACCOUNT_COLUMNS}
    names = {name: np.zeros((bars + 1, assets)) for name in NAME_COLUMNS}
    names["target_weight"][0] = names["confidence"][0] = np.nan
    state = policy.reset(1) if state is None else state
    observation = simulator.observe(np.zeros((1, simulator.layout.size), np.float32))
    before = totals(ledger)
    for k in range(bars + 1):
        account["equity"][k], account["cash"][k] = ledger.equity[0], ledger.cash[0]
        names["shares"][k], names["weight"][k] = ledger.shares[0], simulator.weights()[0]
        if k == bars:
            break
        action = policy.act(observation, state)
        state = action.state
        # Non-members are sold whatever the policy says: record the order that the ledger gets.
        member = market.member[simulator.row[0]]
        names["target_weight"][k + 1] = np.where(member, action.target_weights[0], 0.0)
        names["confidence"][k + 1] = action.confidence[0]
        simulator.step(action.target_weights, observation)
        outcome, after = simulator.outcome, totals(ledger)
        for name in ("cost", "turnover", "forced"):
            account[name][k + 1] = getattr(outcome, name)[0]
        for name in after:
            account[name][k + 1] = after[name] - before[name]
        before = after
        names["traded"][k + 1], names["cost"][k + 1] = outcome.traded[0], outcome.fees[0]
    return Recording(slice(rows.start - 1, rows.stop), account, names, state)


def totals(ledger: Ledger) -> dict[str, float]:
    """Return the running totals of the only portfolio that are kept bar by bar."""
    return {name: float(getattr(ledger, name)[0]) for name in ("realised", "dividends", "financing")}


def equity_paths(
    policy: Policy,
    environment: Portfolio,
    market: Market,
    rows: slice,
    ledger: Ledger,
    seen: npt.NDArray[np.float32] | None = None,
) -> npt.NDArray[np.float64]:
    """Run one portfolio per scenario over `rows`, carrying `ledger`, and return equity [P, bars].

    `seen` [P, T, S] replaces the last S macro columns where these differ between scenarios.
    """
    paths = len(ledger.equity)
    simulator = start_simulator(environment, market, rows, ledger, np.arange(paths))
    state = policy.reset(paths)
    observation = simulator.observe(np.zeros((paths, simulator.layout.size), np.float32))
    equity, everyone = np.empty((paths, rows.stop - rows.start)), np.arange(paths)
    for k in range(equity.shape[1]):
        if seen is not None:
            observation[:, -seen.shape[2] :] = seen[everyone, simulator.row]
        action = policy.act(observation, state)
        state = action.state
        simulator.step(action.target_weights, observation)
        equity[:, k] = ledger.equity
    return equity
