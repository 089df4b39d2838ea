"""Gradients of the Torch market: right, finite everywhere, and what smoothing changes."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_arena import ACCOUNTS, CAPITAL, COSTS, FILLS, random_episode, run_kernel, torch_market, venue_of

from hand_market import make_market, margin_account
from ploutos.env.differentiable.smooth import smooth_abs, smooth_share

SMOOTH = ["cash", "cash_capped", "margin", "margin_capped"]


def rollout(torched, targets, scenario, row, capital=CAPITAL):
    start = {"scenario": torch.as_tensor(scenario), "row": torch.as_tensor(row)}
    return torched.rollout(targets, ledger=torched.open(len(row), capital), bars=len(targets), **start)


def busy_episode(seed, account, *, batch):
    """Return a messy market and targets away from zero, short ones where the account allows; some hold."""
    market, targets, scenario, row = random_episode(seed, rows=9, batch=batch, assets=3, messy=0.7, steps=7)
    rng = np.random.default_rng(seed)
    targets = rng.uniform(0.05, 0.7, targets.shape)
    if ACCOUNTS[account]().rules.allow_short:
        targets *= rng.choice([-1.0, 1.0], targets.shape)
    targets[rng.random(targets.shape) < 0.2] = np.nan
    return market, targets, scenario, row


def everything(run):
    """Return a number that depends on all that a policy could be trained on or could see."""
    ledger = run.ledger
    seen = (ledger.weights, ledger.cash_weight, ledger.unrealised, ledger.drawdown, ledger.gross)
    return (run.log_growth + run.turnover + run.cost / CAPITAL).sum() + sum(part.sum() for part in seen)


@pytest.mark.parametrize("smoothness", [0.0, 1e-2])
@pytest.mark.parametrize("fill", sorted(FILLS))
@pytest.mark.parametrize("account", SMOOTH)
def test_gradients_are_those_of_the_function(account, fill, smoothness):
    """Torch's own check, on an episode with splits, dividends, gaps, holds and delistings."""
    market, targets, scenario, row = busy_episode(20, account, batch=2)
    assert np.isnan(targets).any() and len(market.tape.events.asset) >= 3
    torched = torch_market(market, venue_of(market, account, "realistic", fill), smoothness=smoothness)
    wanted = torch.as_tensor(targets)
    free = ~wanted.isnan()

    def final(values):
        run = rollout(torched, wanted.masked_scatter(free, values), scenario, row)
        return (
            run.log_growth,
            run.turnover,
            run.cost / CAPITAL,
            run.ledger.equity / CAPITAL,
            run.ledger.weights,
        )

    values = wanted[free].clone().requires_grad_()
    assert torch.autograd.gradcheck(final, (values,), eps=1e-7, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("costs", ["zero", "fixed", "realistic", "per_asset"])
@pytest.mark.parametrize("account", [*SMOOTH, "margin_long"])
def test_gradients_are_differences_of_the_kernel(account, costs):
    """Of final equity, for every target; between the slopes of both sides where there is a kink."""
    market, targets, scenario, row = busy_episode(33, account, batch=1)
    venue = venue_of(market, account, costs)
    wanted = torch.as_tensor(targets).requires_grad_()
    (rollout(torch_market(market, venue), wanted, scenario, row).ledger.equity.sum() / CAPITAL).backward()
    gradient = wanted.grad.numpy()
    base = run_kernel(venue, targets, scenario, row)[-1][0].equity.sum()
    compared = 0
    for where in np.argwhere(~np.isnan(targets)):
        sides = []
        for step in (1e-6, -1e-6):
            moved = targets.copy()
            moved[tuple(where)] += step
            sides.append(
                (run_kernel(venue, moved, scenario, row)[-1][0].equity.sum() - base) / step / CAPITAL
            )
        low, high = min(sides), max(sides)
        assert low - 2e-5 <= gradient[tuple(where)] <= high + 2e-5, (where, sides, gradient[tuple(where)])
        compared += high - low < 1e-5 and abs(high) > 1e-4
    assert compared >= 6
    assert (gradient[np.isnan(targets)] == 0).all()


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(2, 9),
    assets=st.integers(1, 5),
    messy=st.sampled_from([0.0, 1.0, 2.0]),
    scale=st.sampled_from([0.02, 0.4]),
    account=st.sampled_from(sorted(ACCOUNTS)),
    costs=st.sampled_from(sorted(COSTS)),
    fill=st.sampled_from(sorted(FILLS)),
    smoothness=st.sampled_from([0.0, 1e-6, 1e-2, 0.1]),
    single=st.booleans(),
    flat=st.sampled_from([None, 0.0, -0.0, 1.0, np.nan, 1e-30]),
)
def test_gradients_are_finite_whatever_happens(
    account, costs, fill, smoothness, single, flat, seed, rows, assets, messy, scale
):
    market, targets, scenario, row = random_episode(
        seed, rows=rows, assets=assets, messy=messy, scale=scale, batch=3
    )
    if flat is not None:
        targets[:] = flat
    dtype = torch.float32 if single else torch.float64
    venue = venue_of(market, account, costs, fill)
    torched = torch_market(market, venue, smoothness=smoothness, dtype=dtype)
    wanted = torch.tensor(targets, dtype=dtype, requires_grad=True)
    run = rollout(torched, wanted, scenario, row)
    loss = everything(run)
    assert bool(loss.isfinite()) and all(bool(figure.isfinite().all()) for figure in run[:3])
    loss.backward()
    assert bool(wanted.grad.isfinite().all())


def test_an_order_of_size_zero_has_a_slope_but_no_cost():
    market = make_market([[10.0]] * 3, [[10.0], [10.0], [11.0]])
    torched = torch_market(market, venue_of(market, "margin", "realistic"))
    wanted = torch.zeros((2, 1, 1), dtype=torch.float64, requires_grad=True)
    run = rollout(torched, wanted, [0], [0])
    (slope,) = torch.autograd.grad(run.log_growth.sum(), wanted, retain_graph=True)
    assert slope[:, 0, 0].tolist() == pytest.approx([0.0, 0.1])
    (slope,) = torch.autograd.grad(run.cost.sum(), wanted)
    assert slope.abs().sum() == 0.0


@given(x=st.floats(-3, 3), unit=st.floats(1e-3, 1e6), smoothness=st.sampled_from([0.0, 1e-6, 1e-3, 0.1]))
def test_the_smooth_absolute_value_keeps_its_bound(x, unit, smoothness):
    size = torch.tensor(x * unit, dtype=torch.float64)
    got = smooth_abs(size, torch.tensor(unit, dtype=torch.float64), smoothness).item()
    assert abs(size) - smoothness * unit - 1e-9 * unit <= got <= abs(size) * (1 + 1e-12)
    wanted = unit * (np.sqrt(x * x + smoothness**2) - smoothness)
    assert got == pytest.approx(wanted, rel=1e-6, abs=1e-12 * unit)


@given(
    have=st.just(0.0) | st.floats(1e-12, 1e7),
    need=st.just(0.0) | st.floats(1e-12, 1e7),
    smoothness=st.sampled_from([0.0, 1e-6, 1e-3, 0.1]),
)
def test_the_smooth_share_keeps_its_bound(have, need, smoothness):
    have, need = (torch.tensor([v], dtype=torch.float64, requires_grad=True) for v in (have, need))
    share = smooth_share(have, need, smoothness)
    share.backward()
    exact = min(1.0, have.item() / need.item()) if need.item() > 0 else 1.0
    assert exact * 2**-smoothness * (1 - 1e-12) <= share.item() <= exact * (1 + 1e-12)
    assert share.item() * need.item() <= have.item() * (1 + 1e-12)
    assert bool(have.grad.isfinite()) and have.grad.item() >= 0 >= need.grad.item()


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    messy=st.sampled_from([0.0, 1.0]),
    account=st.sampled_from(SMOOTH),
    costs=st.sampled_from(["fixed", "realistic", "ruinous"]),
    fill=st.sampled_from(sorted(FILLS)),
    smoothness=st.sampled_from([1e-5, 1e-3, 0.1]),
)
def test_one_smooth_bar_keeps_the_bound_of_the_page(seed, messy, account, costs, fill, smoothness):
    market, targets, scenario, row = random_episode(seed, rows=9, batch=3, assets=4, messy=messy, scale=0.05)
    venue = venue_of(market, account, costs, fill)
    kernel = run_kernel(venue, targets, scenario, row)
    soft, exact = torch_market(market, venue, smoothness=smoothness), torch_market(market, venue)
    for k in range(len(kernel) - 1):
        where = torch.as_tensor(scenario), torch.as_tensor(row + k + 1)
        start, wanted = exact.ledger_of(kernel[k][0], *where), torch.as_tensor(targets[k + 1])
        other, made = soft.step(start, wanted, *where)
        hard, told = exact.step(start, wanted, *where)
        room = bound_of_the_page(venue, kernel[k][0], hard, scenario, row + k + 1, smoothness, account)
        safe = kernel[k][0].equity > 0
        gap = (other.equity - hard.equity).numpy()[safe]
        assert (np.abs(gap) <= room[safe] + 1e-9 * CAPITAL).all()
        if account.startswith("margin"):
            assert (gap >= -1e-9 * CAPITAL).all()
        else:
            assert bool((other.cash >= 0).all())
        spread = (told.turnover - made.turnover).numpy()[safe]
        assert (spread >= -1e-9).all()
        if account.startswith("margin"):
            assert (spread <= 4 * smoothness + 1e-9).all()


def bound_of_the_page(venue, before, hard, scenario, row, smoothness, account):
    """Return docs/torch_market.md's bound on one bar's difference of equity [B]."""
    costs, prices = venue.rules.costs, venue.tape.prices
    volatility = costs.liquidity[scenario, row, 0] if costs.scaled else 0.0
    rate = np.minimum(1.0, costs.fixed + (costs.slippage + costs.impact) * volatility)
    open_, high, low, close, _ = np.moveaxis(prices[scenario, row + 1], 1, 0)
    weights = venue.rules.fill.weights
    price = sum(w * p for w, p in zip(weights, (open_, high, low, close), strict=True))
    traded = np.isfinite(price)
    fees = 1.5 * smoothness * np.abs(before.equity) * np.where(traded, rate, 0.0).sum(1)
    if account.startswith("margin"):
        years = venue.tape.years[row + 1]
        return fees * (1 + venue.rules.account.interest_annual * years)
    move = np.where(traded, np.abs(close / np.where(traded, price, 1.0) - 1) + 1.5 * rate, 0.0).max(1)
    cash = np.maximum(before.equity, hard.equity.numpy()) * 3  # more than the cash after the sells
    return fees + (0.7 * smoothness * cash + fees) * move


@pytest.mark.parametrize("account", SMOOTH)
def test_smooth_episodes_become_the_kernel_s(account):
    """The distance shrinks in proportion to the smoothness."""
    market, targets, scenario, row = random_episode(
        4, rows=40, batch=4, assets=4, messy=0.5, scale=0.02, steps=30
    )
    venue = venue_of(market, account, "realistic")
    exact = run_kernel(venue, targets, scenario, row)[-1][0].equity
    gaps = []
    for smoothness in (1e-2, 1e-3, 1e-4, 1e-5, 1e-6):
        run = rollout(
            torch_market(market, venue, smoothness=smoothness), torch.as_tensor(targets), scenario, row
        )
        gaps.append(np.abs(run.ledger.equity.numpy() / exact - 1).max())
    assert gaps[0] > 1e-6
    assert all(small < 0.5 * large for large, small in pairwise(gaps))
    assert gaps[-1] < 1e-5


def test_smoothing_makes_no_money():
    """Without costs a margin account ignores it; prices that never move leave a cash account its capital."""
    market, targets, scenario, row = random_episode(4, rows=9, batch=4, assets=4)
    venue = venue_of(market, margin_account(), "zero")
    wanted = torch.as_tensor(targets)
    soft, hard = (
        rollout(torch_market(market, venue, smoothness=s), wanted, scenario, row) for s in (0.1, 0.0)
    )
    torch.testing.assert_close(soft.ledger.equity, hard.ledger.equity)
    still = make_market(np.full((9, 4), 5.0), np.full((9, 4), 5.0))
    run = rollout(torch_market(still, venue_of(still), smoothness=0.1), wanted, scenario, row * 0)
    np.testing.assert_allclose(run.ledger.equity, CAPITAL, rtol=1e-12)
