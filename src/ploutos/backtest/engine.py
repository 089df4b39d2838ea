"""Runs a policy over a window of a market, bar by bar."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio
from ploutos.env.simulator import Simulator
from ploutos.execution.ledger import Ledger
from ploutos.types import Policy, Track


@dataclass(frozen=True)
class Recording:
    """What one portfolio (B = 1) did, bar by bar; all arrays start with the bar before the first trade."""

    rows: slice
    equity: npt.NDArray[np.float64]
    cash: npt.NDArray[np.float64]
    cost: npt.NDArray[np.float64]
    turnover: npt.NDArray[np.float64]
    target: npt.NDArray[np.float64]
    shares: npt.NDArray[np.float64]
    weight: npt.NDArray[np.float64]
    confidence: npt.NDArray[np.float64]
    state: Any


def start_simulator(
    environment: Portfolio, market: Market, rows: slice, ledger: Ledger, scenario: npt.NDArray[np.int64]
) -> Simulator:
    """Return a simulator at the decision before the window `rows`: that bar's close, filled inside it."""
    if rows.start < 1:
        raise ValueError("a window needs the bar before it: its first decision is taken there")
    row = np.full(len(scenario), rows.start - 1)
    return environment.simulator(market, ledger=ledger, scenario=scenario, row=row)


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
    simulator = start_simulator(environment, market, rows, ledger, np.zeros(1, np.int64))
    bars, assets = rows.stop - rows.start, len(market.tickers)
    kept = Recording(
        rows=slice(rows.start - 1, rows.stop),
        equity=np.empty(bars + 1),
        cash=np.empty(bars + 1),
        cost=np.zeros(bars + 1),
        turnover=np.zeros(bars + 1),
        target=np.full((bars + 1, assets), np.nan),
        shares=np.empty((bars + 1, assets)),
        weight=np.empty((bars + 1, assets)),
        confidence=np.full((bars + 1, assets), np.nan),
        state=None,
    )
    state = policy.reset(1) if state is None else state
    observation = np.zeros((1, simulator.layout.size), np.float32)
    for k in range(bars + 1):
        kept.equity[k], kept.cash[k] = ledger.equity[0], ledger.cash[0]
        kept.cost[k], kept.turnover[k] = simulator.cost[0], simulator.turnover[0]
        kept.shares[k], kept.weight[k] = ledger.shares[0], simulator.weights()[0]
        if k == bars:
            break
        action = policy.act(simulator.observe(observation), state)
        state = action.state
        # Non-members are sold whatever the policy says: record the order that the ledger gets.
        member = market.member[simulator.row[0]]
        kept.target[k + 1] = np.where(member, action.target_weights[0], 0.0)
        kept.confidence[k + 1] = action.confidence[0]
        simulator.step(action.target_weights)
    return replace(kept, state=state)


def equity_paths(
    policy: Policy, environment: Portfolio, market: Market, rows: slice, ledger: Ledger
) -> npt.NDArray[np.float64]:
    """Run one portfolio per scenario over `rows`, carrying `ledger`, and return equity [P, bars]."""
    paths = len(ledger.equity)
    simulator = start_simulator(environment, market, rows, ledger, np.arange(paths))
    state = policy.reset(paths)
    observation = np.zeros((paths, simulator.layout.size), np.float32)
    equity = np.empty((paths, rows.stop - rows.start))
    for k in range(equity.shape[1]):
        action = policy.act(simulator.observe(observation), state)
        state = action.state
        simulator.step(action.target_weights)
        equity[:, k] = ledger.equity
    return equity


def as_track(kept: Recording, market: Market, *, fold: int, with_start: bool) -> Track:
    """Turn a recording into a `Track`; `with_start` keeps the bar before the first trade."""
    first = 0 if with_start else 1
    rows = slice(kept.rows.start + first, kept.rows.stop)
    ts = pl.Series("ts", market.ts[rows]).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    assets, length = len(market.tickers), len(ts)
    weight = kept.weight[first:]
    bars = pl.DataFrame(
        {
            "ts": ts,
            "fold": np.full(length, fold, np.int32),
            "equity": kept.equity[first:],
            "cash": kept.cash[first:],
            "cost": kept.cost[first:],
            "turnover": kept.turnover[first:],
            "gross": weight.sum(axis=1),
        }
    )
    positions = pl.DataFrame(
        {
            "ts": ts.gather(np.repeat(np.arange(length), assets)),
            "fold": np.full(length * assets, fold, np.int32),
            "ticker": pl.Series(market.tickers * length, dtype=pl.String),
            "target_weight": kept.target[first:].ravel(),
            "shares": kept.shares[first:].ravel(),
            "weight": weight.ravel(),
            "open": market.open[0, rows].ravel(),
            "close": market.close[0, rows].ravel(),
            "payout": delisting_payouts(market, rows).ravel(),
            "confidence": kept.confidence[first:].ravel(),
        }
    ).with_columns(pl.col("target_weight", "open", "close", "payout", "confidence").fill_nan(None))
    return Track(bars=bars, positions=positions)


def delisting_payouts(market: Market, rows: slice) -> npt.NDArray[np.float64]:
    """Return what one share of a name delisted in `rows` was paid there [T, N], currency; NaN elsewhere."""
    paid = np.full((rows.stop - rows.start, len(market.tickers)), np.nan)
    for n, bar in enumerate(market.delist_bar):
        if rows.start <= bar < rows.stop and bar > 0:
            paid[bar - rows.start, n] = market.close[0, bar - 1, n] * (1.0 + market.delist_return[n])
    return paid
