"""The Torch market does what the kernel does, and says so where it cannot."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_arena import (
    ACCOUNTS,
    CAPITAL,
    COSTS,
    FILLS,
    assert_same,
    random_episode,
    run_kernel,
    run_torch,
    torch_market,
    venue_of,
)

from hand_market import cash_account, make_market
from ploutos.execution.stops.full import Full
from ploutos.execution.stops.stop_loss import StopLoss
from ploutos.execution.venue import Venue
from ploutos.types import ConfigError

episodes = {
    "seed": st.integers(0, 2**32 - 1),
    "paths": st.integers(1, 3),
    "batch": st.integers(1, 4),
    "rows": st.integers(2, 9),
    "assets": st.integers(1, 5),
    "messy": st.sampled_from([0.0, 0.5, 1.0, 2.0]),
    "scale": st.sampled_from([0.02, 0.1, 0.4]),
}


@settings(max_examples=150, deadline=None)
@given(
    account=st.sampled_from(sorted(ACCOUNTS)),
    costs=st.sampled_from(sorted(COSTS)),
    fill=st.sampled_from(sorted(FILLS)),
    **episodes,
)
def test_it_is_the_kernel(account, costs, fill, **shape):
    market, targets, scenario, row = random_episode(**shape)
    venue = venue_of(market, account, costs, fill)
    kernel = run_kernel(venue, targets, scenario, row)
    assert_same(kernel, run_torch(torch_market(market, venue), targets, scenario, row), tolerance=1e-11)


def test_the_random_episodes_meet_every_rule():
    """Else the test above would show less than it seems to."""
    seen = dict.fromkeys(("forced", "ruined", "borrowed", "short", "rationed", "dividend", "delisted"), 0)
    for seed in range(60):
        market, targets, scenario, row = random_episode(seed, rows=9, assets=4, batch=4, scale=0.4)
        events = market.tape.events
        for account in ("cash", "margin_capped", "reckless"):
            for ledger, outcome in run_kernel(venue_of(market, account, "realistic"), targets, scenario, row):
                seen["forced"] += outcome.forced.sum()
                seen["ruined"] += (ledger.equity <= 0).sum()
                seen["borrowed"] += (ledger.cash < 0).sum()
                seen["short"] += (ledger.shares < 0).sum()
                seen["rationed"] += account == "cash" and (ledger.cash < 1e-3 * ledger.equity).sum()
                seen["dividend"] += (ledger.dividends != 0).sum()
        seen["delisted"] += (~np.isnan(events.delisting)).sum()
    assert min(seen.values()) > 10, seen


@settings(max_examples=60, deadline=None)
@given(costs=st.sampled_from(["fixed", "realistic"]), fill=st.sampled_from(sorted(FILLS)), **episodes)
def test_single_precision_is_close(costs, fill, **shape):
    """Compared through the equity of accounts that cannot lose everything."""
    market, targets, scenario, row = random_episode(**shape | {"scale": 0.02})
    for account in ("cash", "cash_capped", "margin_capped"):
        venue = venue_of(market, account, costs, fill)
        kernel = run_kernel(venue, targets, scenario, row)
        single = run_torch(torch_market(market, venue, dtype=torch.float32), targets, scenario, row)
        if any(outcome.forced.any() for _, outcome in kernel):
            continue
        for (ledger, _), (other, _) in zip(kernel, single, strict=True):
            assert other.equity.dtype == other.shares.dtype == torch.float32
            np.testing.assert_allclose(other.equity, ledger.equity, rtol=1e-5, atol=1e-5 * CAPITAL)


def test_what_a_policy_sees_is_what_the_ledger_says():
    market, targets, scenario, row = random_episode(3, rows=9, batch=4, assets=4, messy=0.5)
    venue = venue_of(market, "margin", "fixed")
    ledger, _ = run_kernel(venue, targets, scenario, row)[-1]
    other, _ = run_torch(torch_market(market, venue), targets, scenario, row)[-1]
    close = market.close[scenario, row + len(targets)]
    held = ledger.shares != 0
    per_equity = np.where(ledger.equity > 0, 1 / ledger.equity, 0.0)
    weights = np.where(held, ledger.shares * close, 0.0) * per_equity[:, None]
    gain = np.where(held, np.sign(ledger.shares) * (close / np.where(held, ledger.entry, 1.0) - 1.0), 0.0)
    assert held.any() and not held.all() and (ledger.shares < 0).any()
    np.testing.assert_allclose(other.weights, weights, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(other.unrealised, gain, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(other.cash_weight, ledger.cash * per_equity, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(other.gross, np.abs(weights).sum(1), rtol=1e-10)
    np.testing.assert_allclose(other.drawdown, 1 - ledger.equity / ledger.peak, rtol=1e-9, atol=1e-12)


def test_a_kernel_ledger_is_taken_over_in_mid_episode():
    market, targets, scenario, row = random_episode(8, rows=9, batch=3, assets=4)
    assert len(targets) > 2
    venue = venue_of(market, "margin", "realistic")
    kernel = run_kernel(venue, targets, scenario, row)
    torched = torch_market(market, venue)
    scenario, row = torch.as_tensor(scenario), torch.as_tensor(row)
    start = torched.ledger_of(kernel[0][0], scenario, row + 1)
    rest = torched.rollout(
        torch.as_tensor(targets[1:]), ledger=start, scenario=scenario, row=row + 1, bars=len(targets) - 1
    )
    np.testing.assert_allclose(rest.ledger.equity, kernel[-1][0].equity, rtol=1e-11)
    np.testing.assert_allclose(rest.ledger.peak, kernel[-1][0].peak, rtol=1e-11)


def test_a_rollout_is_its_steps():
    market, targets, scenario, row = random_episode(8, rows=9, batch=3, assets=4)
    venue = venue_of(market, "cash", "realistic")
    torched = torch_market(market, venue)
    told = run_torch(torched, targets, scenario, row)
    where = {"scenario": torch.as_tensor(scenario), "row": torch.as_tensor(row)}
    wanted, rows = torch.as_tensor(targets), []

    def policy(ledger, at):
        rows.append(at)
        return wanted[len(rows) - 1]

    for given_policy in (wanted, policy):
        run = torched.rollout(given_policy, ledger=torched.open(3, CAPITAL), bars=len(targets), **where)
        equity = np.stack([np.full(3, CAPITAL)] + [ledger.equity.numpy() for ledger, _ in told])
        np.testing.assert_allclose(run.log_growth, np.diff(np.log(equity), axis=0), atol=1e-12)
        assert torch.equal(run.turnover, torch.stack([made.turnover for _, made in told]))
        assert torch.equal(run.cost, torch.stack([made.cost for _, made in told]))
        assert torch.equal(run.ledger.shares, told[-1][0].shares)
    assert torch.equal(torch.stack(rows), where["row"] + torch.arange(len(targets))[:, None])


def test_ruin_counts_as_in_the_reward():
    market = make_market([[10.0]] * 3, [[10.0], [10.0], [40.0]])
    torched = torch_market(market, venue_of(market, "reckless"))
    start = {"scenario": torch.tensor([0]), "row": torch.tensor([0])}
    targets = torch.full((2, 1, 1), -1.0, dtype=torch.float64)
    run = torched.rollout(targets, ledger=torched.open(1, CAPITAL), bars=2, **start)
    assert run.ledger.equity.item() == pytest.approx(-2 * CAPITAL)
    assert run.ledger.shares.item() == 0.0
    assert run.log_growth[:, 0].tolist() == pytest.approx([0.0, np.log(1e-6)])


def test_steps_change_no_tensor_in_place():
    market, targets, scenario, row = random_episode(8, rows=9, batch=3, assets=4)
    torched = torch_market(market, venue_of(market, "margin", "realistic"))
    where = torch.as_tensor(scenario), torch.as_tensor(row)
    ledger, _ = torched.step(torched.open(3, CAPITAL), torch.as_tensor(targets[0]), *where)
    copy, wanted = [field.clone() for field in ledger], torch.as_tensor(targets[1])
    torched.step(ledger, wanted, where[0], where[1] + 1)
    assert all(torch.equal(field, old) for field, old in zip(ledger, copy, strict=True))
    np.testing.assert_array_equal(wanted, targets[1])


@pytest.mark.parametrize("row", [-1, 4, 5])
def test_rows_outside_the_market_are_refused(row):
    market = make_market([[10.0]] * 5, [[10.0]] * 5)
    torched = torch_market(market, venue_of(market))
    targets = torch.zeros((1, 1), dtype=torch.float64)
    with pytest.raises(IndexError, match="leave the market"):
        torched.step(torched.open(1, CAPITAL), targets, torch.tensor([0]), torch.tensor([row]))


FULL = {"take_profit": None, "trailing_stop": None, "max_session_loss": None, "cooldown_bars": 0}


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"account": cash_account(whole_shares=True)}, "execution.account.whole_shares"),
        ({"account": cash_account(trim_drift=True)}, "execution.account.trim_drift"),
        ({"account": cash_account(min_trade_value=5.0)}, "execution.account.min_trade_value: 5.0"),
        ({"stops": StopLoss(stop_loss=0.1, cooldown_bars=0)}, "execution.stops.stop_loss: 0.1"),
        ({"stops": Full(stop_loss=None, max_drawdown=0.3, **FULL)}, "execution.stops.max_drawdown: 0.3"),
    ],
)
def test_rules_that_it_does_not_know_are_refused_by_key(changes, key):
    market = make_market([[10.0]] * 3, [[10.0]] * 3)
    venue = venue_of(market)
    rules = venue.rules._replace(**{part: variant.rules for part, variant in changes.items()})
    venue = Venue(tape=venue.tape, rules=rules)
    with pytest.raises(ConfigError) as told:
        torch_market(market, venue)
    assert str(told.value).startswith(key) and "\n" not in str(told.value)


def test_settings_out_of_range_are_refused():
    market = make_market([[10.0]] * 3, [[10.0]] * 3)
    venue = venue_of(market)
    for smoothness in (-1e-3, 0.2, np.nan):
        with pytest.raises(ConfigError, match="smoothness"):
            torch_market(market, venue, smoothness=smoothness)
    with pytest.raises(ConfigError, match="float16"):
        torch_market(market, venue, dtype=torch.float16)
    with pytest.raises(ValueError, match="another market"):
        torch_market(make_market([[10.0]] * 3, [[10.0]] * 3), venue)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("account", sorted(ACCOUNTS))
def test_it_is_the_kernel_on_a_gpu(account):
    market, targets, scenario, row = random_episode(5, paths=2, rows=9, batch=4, assets=4)
    venue = venue_of(market, account, "realistic")
    torched = torch_market(market, venue, device="cuda")
    assert_same(
        run_kernel(venue, targets, scenario, row), run_torch(torched, targets, scenario, row), tolerance=1e-11
    )


def test_the_example_of_the_page_learns():
    page = (Path(__file__).parents[2] / "docs" / "torch_market.md").read_text()
    source = page.split("```python")[1].split("```")[0]
    rng = np.random.default_rng(0)
    drift = np.array([0.01, 0.0, -0.01])
    closes = 50.0 * np.exp(np.cumsum(rng.normal(drift, 0.005, (80, 3)), axis=0))
    market = make_market(closes, closes)
    names = {"market": market, "venue": venue_of(market, "cash", "fixed")}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        exec(source, names)
    weights = names["weights"].detach().numpy()
    assert weights[0] > 0.9 and weights[2] < 0.05


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("capital", [1.0, 1e6 + 1, 1e12])
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), assets=st.integers(2, 5))
def test_dust_is_no_position_here_either(dtype, capital, seed, assets):
    """All cash is wanted and more, some weights are next to nothing: the kernel holds the same names."""
    market, _, scenario, row = random_episode(seed, rows=9, assets=assets, messy=0.0, scale=0.03, steps=8)
    rng = np.random.default_rng(seed)
    targets = rng.dirichlet(np.ones(assets), (8, 2)) * rng.choice([0.5, 1.0, 1.2])
    targets[rng.random(targets.shape) < 0.3] = np.nan
    targets[rng.random(targets.shape) < 0.2] *= 1e-12
    venue = venue_of(market, "cash", "fixed")
    kernel = run_kernel(venue, targets, scenario, row, capital)
    torched = run_torch(torch_market(market, venue, dtype=dtype), targets, scenario, row, capital)
    for (ledger, _), (other, _) in zip(kernel, torched, strict=True):
        assert ((ledger.shares != 0) == (other.shares != 0).numpy()).all()
        assert (np.maximum(ledger.age, 0) == other.age.numpy()).all()


def test_a_weight_that_begins_at_zero_can_grow():
    """Dust is a jump without a slope of its own: the slope is that of the weight behind it."""
    market = make_market([[10.0], [10.0]], [[10.0], [11.0]])
    torched = torch_market(market, venue_of(market, "cash"))
    start = {"scenario": torch.tensor([0]), "row": torch.tensor([0])}
    for weight in (0.0, 1e-12, 1e-6):
        wanted = torch.full((1, 1, 1), weight, dtype=torch.float64, requires_grad=True)
        run = torched.rollout(wanted, ledger=torched.open(1, CAPITAL), bars=1, **start)
        run.log_growth.sum().backward()
        assert wanted.grad.item() == pytest.approx(0.1, rel=1e-6)
        assert (run.ledger.shares.item() > 0) == (weight > 1e-9)
