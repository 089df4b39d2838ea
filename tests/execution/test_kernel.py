"""The batched kernel against the scalar reference, and what must hold whatever happens."""

import numpy as np
import pytest
from arena import accounts, random_episode, run_kernel, step_kernel, step_reference
from hypothesis import given, settings
from hypothesis import strategies as st

from hand_market import make_market
from ploutos.execution.costs.fixed_bps import FixedBps
from ploutos.execution.costs.zero import Zero
from ploutos.execution.ledger import Ledger

CAPITAL = 1_000_000.0
seeds = st.integers(0, 2**32 - 1)
episodes = {
    "seed": seeds,
    "paths": st.integers(1, 3),
    "batch": st.integers(1, 4),
    "rows": st.integers(2, 9),
    "assets": st.integers(1, 5),
    "messy": st.sampled_from([0.0, 1.0, 2.0]),
}
fees = st.sampled_from([0.0, 1.0, 5.0, 250.0, 10_000.0])


def shares_of(account, tickers):
    return [account.shares.get(name, 0.0) for name in tickers]


@settings(max_examples=150, deadline=None)
@given(cost_bps=fees, **episodes)
def test_the_kernel_is_the_reference_to_the_last_bit(cost_bps, **shape):
    market, targets, scenario, row = random_episode(**shape)
    rate = FixedBps(cost_bps=cost_bps).rate
    ledger, book = Ledger.open(len(row), len(market.tickers), CAPITAL), accounts(len(row), CAPITAL)
    for wanted in targets:
        turnover, cost = step_kernel(ledger, market, wanted, scenario, row, rate)
        for b, account in enumerate(book):
            step_reference(account, market, wanted[b], scenario[b], row[b], rate)
            assert ledger.cash[b] == account.cash
            assert list(ledger.shares[b]) == shares_of(account, market.tickers)
            assert list(ledger.entry[b]) == [account.entry.get(n, 0.0) for n in market.tickers]
            assert (ledger.equity[b], ledger.peak[b]) == (account.equity, account.peak)
            assert turnover[b] == pytest.approx(account.turnover, rel=1e-12, abs=1e-15)
            assert cost[b] == account.cost
        row += 1


@settings(max_examples=100, deadline=None)
@given(cost_bps=fees, **episodes)
def test_equity_is_cash_plus_holdings_and_cash_never_negative(cost_bps, **shape):
    market, targets, scenario, row = random_episode(**shape)
    rate = FixedBps(cost_bps=cost_bps).rate
    ledger = Ledger.open(len(row), len(market.tickers), CAPITAL)
    peak = np.full(len(row), CAPITAL)
    for wanted in targets:
        step_kernel(ledger, market, wanted, scenario, row, rate)
        row += 1
        price = np.nan_to_num(market.close[scenario, row])
        assert np.allclose(ledger.equity, ledger.cash + (ledger.shares * price).sum(axis=1), rtol=1e-12)
        assert (ledger.cash >= 0).all() and (ledger.shares >= 0).all()
        assert ((ledger.entry > 0) == (ledger.shares > 0)).all()
        peak = np.maximum(peak, ledger.equity)
        assert (ledger.peak == peak).all()


@settings(max_examples=60, deadline=None)
@given(low=st.floats(0, 100), more=st.floats(0, 400), **episodes)
def test_the_same_fills_never_earn_more_at_a_higher_fee(low, more, **shape):
    """Trap 16. Orders as quantities that cash always covers, so that fees cannot change the fills."""
    market, targets, scenario, row = random_episode(**shape)
    wanted = np.nan_to_num(targets[0]) / max(1.0, 3 * np.nansum(targets[0], axis=1).max())
    ledgers = []
    for bps in (low, low + more):
        ledger, now = Ledger.open(len(row), len(market.tickers), CAPITAL), row.copy()
        step_kernel(ledger, market, wanted, scenario, now, bps / 10_000)
        if now.max() + 2 < market.close.shape[1]:
            step_kernel(ledger, market, np.zeros_like(wanted), scenario, now + 1, bps / 10_000)
        ledgers.append(ledger)
    cheap, dear = ledgers
    assert (cheap.shares == dear.shares).all()
    assert (dear.equity <= cheap.equity * (1 + 1e-15)).all()


@settings(max_examples=60, deadline=None)
@given(factor=st.floats(1e-3, 1e3), **episodes)
def test_capital_scales_the_result(factor, **shape):
    market, targets, scenario, start = random_episode(**shape)
    _, equity, cash, turnover, cost = run_kernel(market, targets, rate=5e-4, scenario=scenario, start=start)
    _, equity2, cash2, turnover2, cost2 = run_kernel(
        market, targets, rate=5e-4, scenario=scenario, start=start, capital=CAPITAL * factor
    )
    assert np.allclose(equity2, factor * equity, rtol=1e-9)
    assert np.allclose(cash2, factor * cash, rtol=1e-9, atol=1e-9 * factor * CAPITAL)
    assert np.allclose(cost2, factor * cost, rtol=1e-9, atol=1e-9 * factor * CAPITAL)
    assert np.allclose(turnover2, turnover, rtol=1e-9, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(order=st.randoms(use_true_random=False), **episodes)
def test_the_order_of_assets_does_not_matter(order, **shape):
    market, targets, scenario, start = random_episode(**shape)
    perm = list(range(len(market.tickers)))
    order.shuffle(perm)
    other = make_market(
        market.open[..., perm],
        market.close[..., perm],
        member=market.member[:, perm],
        delist_bar=market.delist_bar[perm],
        delist_return=market.delist_return[perm],
    )
    ledger, equity, cash, *_ = run_kernel(market, targets, rate=5e-4, scenario=scenario, start=start)
    ledger2, equity2, cash2, *_ = run_kernel(
        other, targets[..., perm], rate=5e-4, scenario=scenario, start=start
    )
    assert np.allclose(equity2, equity, rtol=1e-12)
    assert np.allclose(cash2, cash, rtol=1e-12, atol=1e-12 * CAPITAL)
    assert np.allclose(ledger2.shares, ledger.shares[:, perm], rtol=1e-12, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(**episodes)
def test_no_money_comes_from_nothing(**shape):
    """Prices that never move and no costs: whatever is traded, equity stays the starting capital."""
    market, targets, scenario, start = random_episode(**shape)
    still = np.full(market.close.shape, 64.0)
    flat = make_market(
        np.where(np.isnan(market.open), np.nan, still),
        still,
        member=market.member,
        delist_bar=market.delist_bar,
    )
    _, equity, *_ = run_kernel(flat, targets, rate=Zero().rate, scenario=scenario, start=start)
    assert np.allclose(equity, CAPITAL, rtol=1e-13)


@settings(max_examples=40, deadline=None)
@given(cost_bps=fees, hold=st.booleans(), **episodes)
def test_cash_earns_exactly_nothing(cost_bps, hold, **shape):
    market, targets, scenario, start = random_episode(**shape)
    idle = np.full_like(targets, np.nan if hold else 0.0)
    rate = FixedBps(cost_bps=cost_bps).rate
    _, equity, cash, turnover, cost = run_kernel(market, idle, rate=rate, scenario=scenario, start=start)
    assert (equity == CAPITAL).all() and (cash == CAPITAL).all()
    assert (turnover == 0).all() and (cost == 0).all()


def test_portfolios_do_not_touch_each_other():
    market, targets, scenario, start = random_episode(7, paths=3, batch=4, rows=9, assets=4, messy=1.0)
    _, together, *_ = run_kernel(market, targets, rate=5e-4, scenario=scenario, start=start)
    for b in range(4):
        one = slice(b, b + 1)
        _, alone, *_ = run_kernel(
            market, targets[:, one], rate=5e-4, scenario=scenario[one], start=start[one]
        )
        assert (alone[:, 0] == together[:, b]).all()
