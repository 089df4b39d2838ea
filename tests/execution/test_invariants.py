"""What must hold whatever happens."""

import numpy as np
import pytest
from arena import CAPITAL, run_kernel
from episodes import random_episode
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rulebooks import random_account, random_rulebook, random_stops, rulebook

seeds = st.integers(0, 2**32 - 1)
episodes = {
    "seed": seeds,
    "paths": st.integers(1, 2),
    "batch": st.integers(1, 3),
    "rows": st.integers(2, 10),
    "assets": st.integers(1, 5),
    "messy": st.sampled_from([0.0, 0.5, 1.0]),
}
kinds = st.sampled_from(["cash", "margin"])
quick = settings(max_examples=80, deadline=None)
FREE = {"max_gross_leverage": 5.0, "maintenance_margin": 0.0, "interest_bps_annual": 0.0}


def rules_of(seed, assets, kind=None, **fixed):
    return random_rulebook(np.random.default_rng([seed, 2]), assets, account=kind, **fixed)


def amounts(step, episode):
    """Return [B]: the largest amount on the ledger, what sums of it are exact to."""
    held = np.abs(step.ledger.shares) * np.maximum(closes(episode, step.row), step.ledger.entry)
    return CAPITAL + np.abs(step.ledger.cash) + held.sum(axis=1)


def closes(episode, row):
    return np.nan_to_num(episode.market.close[episode.scenario, row])


def near(x, y, scale, share=1e-12):
    return (np.abs(x - y) <= share * scale).all()


@quick
@given(**episodes)
def test_the_ledger_identities(seed, **shape):
    episode = random_episode(seed, **shape)
    peak = np.full(shape["batch"], CAPITAL)
    scale = peak.copy()
    for step in run_kernel(episode, rules_of(seed, shape["assets"]).parts):
        ledger, close = step.ledger, closes(episode, step.row)
        scale = np.maximum(scale, amounts(step, episode) + CAPITAL * step.outcome.turnover)
        assert near(ledger.equity, ledger.cash + (ledger.shares * close).sum(axis=1), scale)
        unrealised = (ledger.shares * (close - ledger.entry)).sum(axis=1)
        earned = ledger.realised + unrealised + ledger.dividends - ledger.costs - ledger.financing
        assert near(ledger.equity, CAPITAL + earned, scale, 1e-11)
        peak = np.maximum(peak, ledger.equity)
        assert (ledger.peak == peak).all()
        held = ledger.shares != 0
        assert ((ledger.entry > 0) == held).all() and ((ledger.best > 0) == held).all()
        assert ((ledger.age > 0) == held).all()
        assert near(step.outcome.fees.sum(axis=1), step.outcome.cost, scale)


@quick
@given(**episodes)
def test_a_cash_account_borrows_nothing(seed, **shape):
    for step in run_kernel(random_episode(seed, **shape), rules_of(seed, shape["assets"], "cash").parts):
        assert (step.ledger.cash >= 0).all() and (step.ledger.shares >= 0).all()
        assert (step.ledger.equity >= 0).all() and (step.ledger.financing == 0).all()


@quick
@given(kind=kinds, **episodes)
def test_no_order_ends_above_the_cap_of_a_position(kind, seed, **shape):
    """Measured at the prices of the decision: |shares| x p(t) <= cap x E(t) for every name that traded."""
    episode, rules = random_episode(seed, **shape), rules_of(seed, shape["assets"], kind)
    cap, equity = rules.rules.max_position_weight, np.full(shape["batch"], CAPITAL)
    for step in run_kernel(episode, rules.parts):
        value = np.abs(step.ledger.shares) * closes(episode, step.row - 1)
        traded = step.outcome.traded != 0
        for t, n in episode.splits:
            traded[step.row == t, n] = False
        assert (value <= cap * equity[:, None] * (1 + 1e-12) + 1e-9)[traded].all()
        equity = step.ledger.equity


@quick
@given(**episodes | {"messy": st.just(0.0)})
def test_targets_end_within_the_leverage_caps(seed, **shape):
    rng, episode = np.random.default_rng([seed, 3]), random_episode(seed, **shape)
    settings_ = random_account(rng, "margin") | {"min_trade_value": 0.0, "whole_shares": False}
    episode.targets[np.isnan(episode.targets)] = 0.2
    equity = np.full(shape["batch"], CAPITAL)
    for step in run_kernel(episode, rulebook(shape["assets"], account=settings_).parts):
        value = step.ledger.shares * closes(episode, step.row - 1)
        live = (equity > 0) & (step.ledger.equity > 0)
        for total, cap in ((np.abs(value), "max_gross_leverage"), (value, "max_net_leverage")):
            over = np.abs(total.sum(axis=1)) - settings_[cap] * equity
            assert (over <= 1e-11 * CAPITAL + 1e-11 * np.abs(equity))[live].all()
        equity = step.ledger.equity


@quick
@given(kind=kinds, factor=st.sampled_from([1.0, 1.5, 40.0]), **episodes)
def test_the_same_fills_never_earn_more_at_a_higher_fee(kind, factor, seed, **shape):
    """The first orders are the same by construction; then compared as long as the fills are the same."""
    episode, rng = random_episode(seed, **shape), np.random.default_rng([seed, 3])
    episode.targets[0] = np.nan_to_num(episode.targets[0]) / (4 * np.abs(episode.targets[0]).sum() + 4)
    episode.targets[1:] = np.where(rng.random(episode.targets[1:].shape) < 0.3, 0.0, np.nan)
    account = random_account(rng, kind) | {"trim_drift": False}
    bps = float(rng.choice([0.0, 3.0, 200.0]))
    dear = {"commission_bps": min(bps * factor + 1, 5_000.0), "half_spread_bps": 0.0, "slippage": 0.1}
    dear |= {"impact": 1.0, "borrow_bps_annual": 100.0, "window_bars": 3}
    stops = random_stops(rng)
    ran = [
        run_kernel(episode, rulebook(shape["assets"], account=account, costs=costs, stops=stops).parts)
        for costs in (bps, dear)
    ]
    same = np.ones(shape["batch"], bool)
    for k, (low, high) in enumerate(zip(*ran, strict=True)):
        same &= (low.outcome.traded == high.outcome.traded).all(axis=1)
        assert same.all() or k or kind == "cash"
        assert (high.ledger.equity <= low.ledger.equity + 1e-14 * amounts(low, episode))[same].all()


@quick
@given(kind=kinds, power=st.integers(-12, 12), bps=st.sampled_from([None, 5.0, 250.0]), **episodes)
def test_capital_scales_the_result(kind, power, bps, seed, **shape):
    """Fractional shares at proportional costs: a power of two changes no digit."""
    episode, rng = random_episode(seed, **shape), np.random.default_rng([seed, 3])
    account = random_account(rng, kind) | {"min_trade_value": 0.0, "whole_shares": False}
    parts = rulebook(shape["assets"], account=account, costs=bps, stops=random_stops(rng)).parts
    factor = 2.0**power
    one, many = (run_kernel(episode, parts, capital=CAPITAL * x) for x in (1.0, factor))
    for small, large in zip(one, many, strict=True):
        for name in ("cash", "shares", "equity", "peak", "realised", "costs", "dividends", "financing"):
            assert (getattr(large.ledger, name) == factor * getattr(small.ledger, name)).all(), name
        assert (large.ledger.entry == small.ledger.entry).all()
        assert (large.outcome.turnover == small.outcome.turnover).all()


@quick
@given(kind=kinds, factor=st.floats(1e-3, 1e3), **episodes)
def test_any_factor_scales_the_result_to_rounding(kind, factor, seed, **shape):
    episode, rng = random_episode(seed, **shape), np.random.default_rng([seed, 3])
    account = random_account(rng, kind) | {"min_trade_value": 0.0, "whole_shares": False}
    parts = rulebook(shape["assets"], account=account, costs=5.0).parts
    one, many = (run_kernel(episode, parts, capital=CAPITAL * x) for x in (1.0, factor))
    for small, large in zip(one, many, strict=True):
        scale = amounts(small, episode)
        assert near(large.ledger.equity / factor, small.ledger.equity, scale, 1e-9)
        assert near(large.ledger.cash / factor, small.ledger.cash, scale, 1e-9)


@quick
@given(order=st.randoms(use_true_random=False), **episodes)
def test_the_order_of_assets_does_not_matter(order, seed, **shape):
    episode = random_episode(seed, **shape)
    columns = list(range(shape["assets"]))
    order.shuffle(columns)
    rng = np.random.default_rng([seed, 3])
    account = random_account(rng, rng.choice(["cash", "margin"])) | {"whole_shares": False}
    realistic = {"commission_bps": 1.0, "half_spread_bps": 1.0, "slippage": 0.1, "impact": 1.0}
    realistic |= {"borrow_bps_annual": 50.0, "window_bars": 3}
    parts = rulebook(shape["assets"], account=account, costs=realistic, stops=random_stops(rng)).parts
    ran = (run_kernel(e, parts) for e in (episode, episode.reordered(columns)))
    scale = np.full(shape["batch"], CAPITAL)
    for one, other in zip(*ran, strict=True):
        scale = np.maximum(scale, amounts(one, episode))
        assume((np.abs(one.ledger.equity) > 1e-6 * CAPITAL).all())  # the weights of nothing are noise
        for name in ("cash", "equity", "peak", "realised", "costs", "dividends", "financing"):
            assert near(getattr(other.ledger, name), getattr(one.ledger, name), scale), name
        assert near(other.ledger.shares, one.ledger.shares[:, columns], scale[:, None] / 10)


@quick
@given(kind=kinds, price=st.sampled_from([64.0, 33.3, 0.07]), **episodes)
def test_no_money_comes_from_nothing(kind, price, seed, **shape):
    """Prices that never move and no costs: whatever is traded, equity stays the starting capital."""
    episode, rng = random_episode(seed, **shape).with_prices(price), np.random.default_rng([seed, 3])
    account = random_account(rng, kind)
    if kind == "margin":
        account |= {"interest_bps_annual": 0.0}
    parts = rulebook(shape["assets"], account=account, stops=random_stops(rng)).parts
    for step in run_kernel(episode, parts):
        assert np.allclose(step.ledger.equity, CAPITAL, rtol=1e-12)


@quick
@given(hold=st.booleans(), **episodes)
def test_cash_earns_exactly_nothing(hold, seed, **shape):
    episode = random_episode(seed, **shape)
    episode.targets[:] = np.nan if hold else 0.0
    for step in run_kernel(episode, rules_of(seed, shape["assets"]).parts):
        assert (step.ledger.equity == CAPITAL).all() and (step.ledger.cash == CAPITAL).all()
        assert (step.outcome.turnover == 0).all() and (step.outcome.cost == 0).all()
        assert not step.outcome.forced.any() and (step.outcome.traded == 0).all()


@quick
@given(**episodes)
def test_portfolios_do_not_touch_each_other(seed, **shape):
    episode, parts = random_episode(seed, **shape), rules_of(seed, shape["assets"]).parts
    together = run_kernel(episode, parts)
    for b in range(shape["batch"]):
        for one, all_ in zip(run_kernel(episode.alone(b), parts), together, strict=True):
            for alone, shared in zip((*one.ledger, *one.outcome), (*all_.ledger, *all_.outcome), strict=True):
                assert np.array_equal(alone[0], shared[b])


@pytest.mark.parametrize("fill", ["next_open", "next_close", "vwap_proxy"])
@quick
@given(seed=seeds, weight=st.sampled_from([0.1, -0.1]), level=st.sampled_from([0.01, 0.1]))
def test_a_stop_never_fills_better_than_the_market(fill, seed, weight, level):
    """One name, held: a stop closes it at the open or at a worse price that the bar reached."""
    episode = random_episode(seed, paths=1, batch=1, rows=12, assets=1, messy=0.5).without_events()
    episode.targets[:] = np.nan
    episode.targets[0] = weight
    stops = {"stop_loss": level, "trailing_stop": level, "cooldown_bars": 0}
    parts = rulebook(1, account=FREE | {"allow_short": True}, fill=fill, stops=stops).parts
    shares, cash = 0.0, CAPITAL
    for step in run_kernel(episode, parts):
        now, left = step.ledger.shares[0, 0], step.ledger.cash[0]
        row = int(step.row[0])
        if shares and not now:
            price = (left - cash) / shares
            open_, high, low = episode.market.tape.prices[0, row, :3, 0]
            assert low * (1 - 1e-9) <= price <= high * (1 + 1e-9)
            assert price * np.sign(shares) <= open_ * np.sign(shares) + 1e-9 * open_
        shares, cash = now, left
