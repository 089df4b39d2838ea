"""A market seen through slots gives the ledgers of the same market with a column for every name."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hand_market import cash_account, make_market, margin_account
from ploutos.execution.costs.per_asset import PerAsset
from ploutos.execution.costs.realistic import Realistic
from ploutos.execution.fill.next_close import NextClose
from ploutos.execution.fill.next_open import NextOpen
from ploutos.execution.ledger import Ledger
from ploutos.execution.outcome import Outcome
from ploutos.execution.roster import Roster, events_of_columns
from ploutos.execution.stops.full import Full
from ploutos.execution.stops.no_stops import NoStops
from ploutos.execution.tape import read_only
from ploutos.execution.venue import Venue
from ploutos.panel.slots import EMPTY, assign_slots, fill_slots, slot_prices

ROWS, NAMES, SLOTS = 60, 8, 3
REALISTIC = Realistic(
    commission_bps=1.0, half_spread_bps=2.0, slippage=0.1, impact=1.0, borrow_bps_annual=300.0, window_bars=5
)


def rotating(rng):
    """Return a market of NAMES with everything that can happen, and who is wanted [T, N]."""
    close = 50 * np.exp(np.cumsum(rng.normal(0, 0.03, (ROWS, NAMES)), axis=0))
    opens = close * np.exp(rng.normal(0, 0.02, close.shape))
    opens[rng.random(close.shape) < 0.1] = np.nan
    close = np.where(np.isnan(opens), np.nan, close)
    for t in range(ROWS):
        close[t] = np.where(np.isnan(close[t]), close[t - 1] if t else 50.0, close[t])
    gone = np.where(rng.random(NAMES) < 0.3, rng.integers(5, ROWS, NAMES), -1)
    for n in np.flatnonzero(gone >= 0):
        opens[gone[n] :, n] = np.nan
    splits = [(int(t), int(n), 2.0) for t, n in zip(rng.integers(1, ROWS, 5), range(5), strict=True)]
    dividends = [(int(t), int(n), 0.5) for t, n in zip(rng.integers(1, ROWS, 5), range(3, 8), strict=True)]
    market = make_market(
        opens, close, splits=splits, dividends=dividends, delist_bar=gone, delist_return=[-0.4] * NAMES
    )
    wanted = np.zeros((ROWS, NAMES), bool)
    for start in range(0, ROWS, 7):
        wanted[start : start + 7, rng.choice(NAMES, SLOTS, replace=False)] = True
    return market, wanted, gone


def through_slots(market, wanted, gone, slots):
    """Return the market as slots show it, and the slots."""
    prices = market.tape.prices[0]
    asset = assign_slots(wanted, np.isfinite(prices[:, 0]), gone, slots)
    member = np.empty(asset.shape, bool)
    fill_slots(wanted & market.member, asset, False, member, 1)
    tape = market.tape._replace(
        prices=read_only(slot_prices(prices, asset))[None],
        member=read_only(member),
        events=events_of_columns(market.tape.events, asset),
    )
    names = market.roster
    roster = Roster(tickers=names.tickers, asset=asset, prices=names.prices, events=names.events)
    return replace(market, tape=tape, roster=roster), asset


def run(market, parts, targets):
    venue = Venue.of(market.roster, market.tape, **parts)
    ledger, told = Ledger.open(1, targets.shape[1], 1e6), []
    for t in range(len(targets) - 1):
        outcome = Outcome.empty(1, targets.shape[1], detailed=True)
        venue.step(ledger, targets[None, t], np.zeros(1, np.int64), np.array([t]), outcome)
        told.append(
            (ledger.cash[0], ledger.equity[0], ledger.realised[0], ledger.costs[0], outcome.turnover[0])
        )
    return np.array(told), ledger


COSTS = {
    "one for all": REALISTIC,
    "each its own": PerAsset(
        default=REALISTIC, assets={"T1": {"impact": 5.0}, "T6": {"half_spread_bps": 40.0}}
    ),
}


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    slots=st.sampled_from([SLOTS, SLOTS + 2, NAMES]),
    costs=st.sampled_from(sorted(COSTS)),
    short=st.booleans(),
    fill=st.sampled_from([NextOpen(), NextClose()]),
)
def test_the_ledger_is_that_of_all_columns(seed, slots, costs, short, fill):
    rng = np.random.default_rng(seed)
    market, wanted, gone = rotating(rng)
    seen, asset = through_slots(market, wanted, gone, slots)
    weight = rng.uniform(-0.4 if short else 0.0, 0.4, asset.shape)
    weight[rng.random(asset.shape) < 0.2] = np.nan
    # The same orders with a column for every name; who waits for a slot cannot be traded.
    everyone, member = np.full((ROWS, NAMES), np.nan), np.zeros((ROWS, NAMES), bool)
    t, k = np.nonzero(asset != EMPTY)
    everyone[t, asset[t, k]], member[t, asset[t, k]] = weight[t, k], seen.member[t, k]
    flat = replace(market, tape=market.tape._replace(member=read_only(member)))
    account = margin_account() if short else cash_account()
    parts = {"account": account, "costs": COSTS[costs], "fill": fill, "stops": NoStops()}
    told, ledger = run(seen, parts, weight)
    expected, wide = run(flat, parts, everyone)
    np.testing.assert_allclose(told, expected, rtol=1e-9, atol=1e-4)
    held = np.flatnonzero(ledger.shares[0])
    assert sorted(asset[ROWS - 1, held].tolist()) == np.flatnonzero(wide.shares[0]).tolist()


def test_a_new_name_does_not_serve_the_rest_of_the_old_one():
    """T0 is stopped out and rests for 50 bars; T1, next in its slot, may be bought at once."""
    close = np.full((12, 2), 100.0)
    close[2:, 0] = 50.0
    market = make_market(close, close)
    wanted = np.zeros((12, 2), bool)
    wanted[:4, 0], wanted[4:, 1] = True, True
    seen, asset = through_slots(market, wanted, np.array([-1, -1]), 1)
    assert asset[:, 0].tolist() == [0] * 6 + [1] * 6
    levels = dict.fromkeys(("take_profit", "trailing_stop", "max_drawdown", "max_session_loss"))
    stops = Full(stop_loss=0.1, cooldown_bars=50, **levels)
    parts = {"account": cash_account(), "costs": REALISTIC, "fill": NextOpen(), "stops": stops}
    _, ledger = run(seen, parts, np.full((12, 1), 0.5))
    assert ledger.shares[0, 0] == pytest.approx(0.5 * ledger.equity[0] / 100.0, rel=0.01)
