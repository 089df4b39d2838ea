"""Runs the kernel on a market as the simulator does, and the reference beside it."""

import numpy as np
from reference import Account, Quote, trade_one_bar

from ploutos.execution.kernel import execute_bar
from ploutos.execution.ledger import Ledger


def step_kernel(ledger, market, targets, scenario, row, rate):
    """Trade one bar; return turnover and cost [B]."""
    turnover, cost = np.zeros(len(row)), np.zeros(len(row))
    execute_bar(
        ledger.cash,
        ledger.shares,
        ledger.entry,
        ledger.equity,
        ledger.peak,
        np.ascontiguousarray(targets, dtype=np.float64),
        np.asarray(scenario, np.int64),
        np.asarray(row, np.int64),
        market.open,
        market.close,
        market.member,
        market.delist_bar,
        market.delist_return,
        rate,
        turnover,
        cost,
    )
    return turnover, cost


def run_kernel(market, targets, *, rate, capital=1_000_000.0, scenario=None, start=None):
    """Run targets [K, B, N] over K bars; return the ledger and equity, cash, turnover, cost [K, B]."""
    targets = np.asarray(targets, dtype=np.float64)
    batch, assets = targets.shape[1:]
    scenario = np.zeros(batch, np.int64) if scenario is None else scenario
    row = np.zeros(batch, np.int64) if start is None else start.copy()
    ledger = Ledger.open(batch, assets, capital)
    told = []
    for wanted in targets:
        turnover, cost = step_kernel(ledger, market, wanted, scenario, row, rate)
        told.append([ledger.equity.copy(), ledger.cash.copy(), turnover, cost])
        row += 1
    return ledger, *np.swapaxes(told, 0, 1)


def quotes_at(market, p, t):
    names = market.tickers
    return {
        name: Quote(
            close_t=float(market.close[p, t, n]),
            open_tp1=float(market.open[p, t + 1, n]),
            close_tp1=float(market.close[p, t + 1, n]),
            member_t=bool(market.member[t, n]),
            delisting_return=float(market.delist_return[n]) if market.delist_bar[n] == t + 1 else None,
        )
        for n, name in enumerate(names)
    }


def step_reference(account, market, targets, p, t, rate):
    named = {name: float(w) for name, w in zip(market.tickers, targets, strict=True)}
    trade_one_bar(account, named, quotes_at(market, p, t), rate)


def random_episode(seed, *, paths, batch, rows, assets, messy):
    """Return (market, targets [K, B, N], scenario, start) full of what can happen."""
    from hand_market import make_market

    rng = np.random.default_rng(seed)
    closes = 20.0 * np.exp(np.cumsum(rng.normal(0, 0.05, (paths, rows, assets)), axis=1))
    opens = closes * np.exp(rng.normal(0, 0.03, closes.shape))
    member = rng.random((rows, assets)) >= 0.2 * messy
    delist = np.full(assets, -1)
    for n in range(assets):
        begin = int(rng.integers(0, rows)) if rng.random() < 0.2 * messy else 0
        if rng.random() < 0.4 * messy and begin + 1 < rows:
            delist[n] = rng.integers(begin + 1, rows)
        end = delist[n] if delist[n] > 0 else rows
        gap = rng.random(rows) < 0.2 * messy
        gap[end:] = True
        gap[begin] = False
        for t in range(begin + 1, rows):
            if gap[t]:
                closes[:, t, n] = closes[:, t - 1, n]
        opens[:, gap, n] = np.nan
        opens[:, :begin, n] = closes[:, :begin, n] = np.nan
        member[:begin, n] = member[end:, n] = False
    market = make_market(
        opens,
        closes,
        member=member,
        delist_bar=delist,
        delist_return=np.where(delist > 0, rng.choice([-0.9, -0.3, 0.0, 0.2], assets), 0.0),
    )
    steps = int(rng.integers(1, rows))
    targets = rng.dirichlet(np.ones(assets + 1), (steps, batch))[..., :-1] * rng.choice([0.5, 1.0, 2.5])
    targets[rng.random(targets.shape) < 0.3] = np.nan
    targets[rng.random(targets.shape) < 0.15] = 0.0
    start = rng.integers(0, rows - steps, batch)
    return market, targets, rng.integers(0, paths, batch), start


def accounts(batch, capital):
    return [Account.with_capital(capital) for _ in range(batch)]
