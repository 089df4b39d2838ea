"""Compiled windows and the Torch market are one function, with the same slopes."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from env.torch_arena import random_episode, torch_market, venue_of
from hand_market import cash_account
from ploutos.agent.gradient.compiled_window import can_compile, trade_plans
from ploutos.agent.gradient.decision import Plan
from ploutos.agent.gradient.trading import follow

FIELDS = ("cash", "shares", "value", "equity", "peak")


def random_plan(rng, market, row, bars):
    """Return plans around what is held: some weights go up, some down, some inside the band."""
    shape = (bars, len(row), market.assets)
    aim = rng.dirichlet(np.ones(shape[2] + 1) * rng.choice([0.2, 2.0]), shape[:2])[..., :-1]
    aim *= rng.choice([1.0, 1.3])  # more than there is: buys shrink to the cash
    rows = row + np.arange(bars)[:, None]
    rate, band = rng.uniform(0.05, 1.0, shape), rng.uniform(1e-9, 0.2, shape) ** rng.choice([1.0, 3.0])
    tensors = (torch.as_tensor(a).requires_grad_() for a in (aim, rate, band))
    return Plan(*tensors, torch.as_tensor(~market.member[rows]))


def by_torch(torched, plan, ledger, scenario, row):
    return torched.rollout(follow(plan), ledger=ledger, scenario=scenario, row=row, bars=len(plan.aim))


def compare(seed, *, costs="fixed", cap=1.0, scale=0.05, messy=1.0, capital=1e6):
    rng = np.random.default_rng(seed)
    market, targets, scenario, row = random_episode(
        seed, rows=12, assets=4, batch=3, scale=scale, messy=messy
    )
    venue = venue_of(market, cash_account(max_position_weight=cap), costs)
    torched = torch_market(market, venue)
    assert can_compile(torched)
    plan = random_plan(rng, market, row, len(targets))
    where = (torch.as_tensor(scenario), torch.as_tensor(row))
    start = torched.open(3, capital)
    one, other = by_torch(torched, plan, start, *where), trade_plans(torched, plan, start, *where)
    # Once all is lost, what is left is rounding: growth from there on means nothing.
    before = one.log_growth.detach().cumsum(0) - one.log_growth.detach()
    sound = before > np.log(1e-6)
    weights = [torch.as_tensor(rng.normal(size=one.turnover.shape)) * sound for _ in range(2)]
    gradients = []
    for run in (one, other):
        number = (weights[0] * run.log_growth).sum() + (weights[1] * run.turnover).sum()
        gradients.append(torch.autograd.grad(number, plan[:3]))
    torch.testing.assert_close(other.log_growth[sound], one.log_growth[sound], rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(other.turnover[sound], one.turnover[sound], rtol=1e-9, atol=1e-11)
    for field in FIELDS:
        expected = getattr(one.ledger, field)
        torch.testing.assert_close(getattr(other.ledger, field), expected, rtol=1e-9, atol=1e-9 * capital)
    for slope, expected in zip(*gradients[::-1], strict=True):
        torch.testing.assert_close(slope, expected, rtol=1e-6, atol=1e-8 + 1e-7 * float(expected.abs().max()))


@settings(deadline=None, max_examples=150)
@given(
    seed=st.integers(0, 2**32 - 1),
    costs=st.sampled_from(["zero", "fixed", "all"]),
    cap=st.sampled_from([1.0, 0.3]),
    scale=st.sampled_from([0.02, 0.3]),
    messy=st.sampled_from([0.0, 1.0]),
)
def test_values_and_slopes_are_those_of_the_torch_market(seed, costs, cap, scale, messy):
    """With splits, dividends, delistings, gaps and names that come and go."""
    compare(seed, costs=costs, cap=cap, scale=scale, messy=messy)


def test_total_loss():
    compare(210, costs="all", scale=0.3)


def test_without_money_nothing_happens():
    compare(4, capital=0.0)


def test_windows_in_turn_are_one_window():
    market, targets, scenario, row = random_episode(3, rows=20, assets=4, batch=3, steps=12)
    torched = torch_market(market, venue_of(market, "cash", "fixed"))
    plan = random_plan(np.random.default_rng(0), market, row, len(targets))
    scenario, row = torch.as_tensor(scenario), torch.as_tensor(row)
    whole = trade_plans(torched, plan, torched.open(3, 1e6), scenario, row)
    ledger, growth = torched.open(3, 1e6), []
    for first in range(0, 12, 4):
        part = trade_plans(
            torched, Plan(*(f[first : first + 4] for f in plan)), ledger, scenario, row + first
        )
        ledger = part.ledger
        growth.append(part.log_growth)
    torch.testing.assert_close(torch.cat(growth), whole.log_growth, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(ledger.peak, whole.ledger.peak)


def test_only_rules_that_it_knows():
    market, *_ = random_episode(1)
    for account, costs, smoothness in (
        ("margin", "fixed", 0.0),
        ("cash", "realistic", 0.0),
        ("cash", "fixed", 0.01),
    ):
        assert not can_compile(torch_market(market, venue_of(market, account, costs), smoothness=smoothness))


def test_a_window_that_leaves_the_market_is_refused():
    market, targets, scenario, row = random_episode(2, rows=9, steps=4)
    torched = torch_market(market, venue_of(market, "cash", "fixed"))
    plan = random_plan(np.random.default_rng(0), market, row, len(targets))
    late = torch.full((len(row),), market.ts.size - 4)
    with pytest.raises(IndexError, match="leave the market"):
        trade_plans(torched, plan, torched.open(len(row), 1.0), torch.as_tensor(scenario), late)
