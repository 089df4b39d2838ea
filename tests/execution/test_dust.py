"""Residues of rounding are no positions: results as a share of capital do not depend on capital."""

import numpy as np
import pytest
from arena import CAPITAL, run_kernel
from by_hand import NAN, cents, play
from episodes import random_episode
from hypothesis import given, settings
from hypothesis import strategies as st
from rulebooks import random_account, random_stops, rulebook

DUST = 1e-9  # docs/execution.md
quick = settings(max_examples=150, deadline=None)
capitals = st.floats(0.0, 12.0).map(lambda power: 10.0**power)
FIELDS = ("cash", "shares", "equity", "peak", "realised", "costs", "dividends", "financing")
episodes = {
    "seed": st.integers(0, 2**32 - 1),
    "paths": st.just(1),
    "batch": st.integers(1, 3),
    "rows": st.integers(2, 24),
    "assets": st.integers(1, 5),
    "messy": st.sampled_from([0.0, 0.5]),
}


def rules_of(seed, assets, kind, bps):
    rng = np.random.default_rng([seed, 7])
    account = random_account(rng, kind) | {"min_trade_value": 0.0, "whole_shares": False}
    fill = str(rng.choice(["next_open", "next_close", "vwap_proxy"]))
    return rulebook(assets, account=account, costs=bps, stops=random_stops(rng), fill=fill)


@quick
@given(
    kind=st.sampled_from(["cash", "margin"]),
    capital=capitals,
    bps=st.sampled_from([None, 10.0, 250.0, 10_000.0]),
    **episodes,
)
def test_no_result_depends_on_the_capital(kind, capital, bps, seed, **shape):
    episode, parts = random_episode(seed, **shape), rules_of(seed, shape["assets"], kind, bps).parts
    one, other = (run_kernel(episode, parts, capital=c) for c in (1.0, capital))
    scale = np.ones(shape["batch"])
    for small, large in zip(one, other, strict=True):
        held = (np.abs(small.ledger.shares) * small.ledger.best).sum(axis=1)
        scale = np.maximum(scale, held + np.abs(small.ledger.cash))
        for name in FIELDS:
            mine, theirs = getattr(small.ledger, name), getattr(large.ledger, name) / capital
            room = 1e-9 * (scale if mine.ndim == 1 else scale[:, None])
            assert (np.abs(mine - theirs) <= room).all(), name
        assert (small.ledger.age == large.ledger.age).all()
        assert (small.outcome.forced == large.outcome.forced).all()
        assert ((small.outcome.traded == 0) == (large.outcome.traded == 0)).all()


@quick
@given(kind=st.sampled_from(["cash", "margin"]), bps=st.sampled_from([None, 10.0, 250.0]), **episodes)
def test_no_position_of_dust_is_opened(kind, bps, seed, **shape):
    """Every holding of age 1 was bought in this bar, at its entry price."""
    episode, parts = random_episode(seed, **shape), rules_of(seed, shape["assets"], kind, bps).parts
    # Also the targets that a softmax makes of large logits, and what rounding leaves of differences.
    episode.targets[np.random.default_rng(seed).random(episode.targets.shape) < 0.2] *= 1e-11
    equity = np.full(shape["batch"], CAPITAL)
    for step in run_kernel(episode, parts):
        ledger = step.ledger
        worth = np.abs(ledger.shares) * ledger.entry
        opened = (ledger.age == 1) & (ledger.shares != 0)
        assert (worth >= 0.1 * DUST * equity[:, None])[opened].all()  # the price may fall until the fill
        equity = ledger.equity


OPENS = [[49, 52, 51], [49, 52, 51], [49, 53, 48], [49, 52, 48], [50, 50, 50], [51, 48, 54]]
CLOSES = [[49, 52, 51], [48, 53, 48], [49, 52, 49], [50, 51, 50], [51, 49, 54], [52, 47, 52]]


@pytest.mark.parametrize("capital", [1.0, 1e4, 1e6, 1e6 + 1, 12_345.678, 1e12])
@pytest.mark.parametrize("wish", [0.90, 0.91, 0.93, 0.97, 1.0])
def test_a_residue_of_cash_buys_nothing(capital, wish):
    """The first buy of C takes all cash, whatever is wished for, so the order for B cannot fill.

    Shares bought for 1e-12 would be stopped on the last bar, and lapse the order for B that fills there.
    """
    wanted = [[0.5, NAN, NAN], [0.2, NAN, wish], [NAN, 0.5, NAN], [NAN] * 3, [0.0, 0.3, 0.5]]
    told = play(OPENS, CLOSES, wanted, stops={"trailing_stop": 0.08, "cooldown_bars": 3}, capital=capital)
    # After the fills of bar 2, 41.2207 of A and 165.9217 of C a capital of 10 000, everything is C and A.
    assert told.shares[2] * 1e4 / capital == cents(41.2207, 0.0, 165.9217)
    assert told.cash[1:4] / capital == pytest.approx([0.0] * 3, abs=1e-12)
    assert told.age[:, 1].tolist() == [0, 0, 0, 0, 1]
    assert told.equity[-1] / capital == pytest.approx(1.0780666329853102, rel=1e-12)


@pytest.mark.parametrize("minimum", [1_000.0, 4_000.0])
def test_the_minimum_order_holds_after_rationing(minimum):
    """6 000 and 6 000 of 10 000 shrink to 5 000 each; 3 000 and 9 000 to 2 500 and 7 500."""
    account = {"min_trade_value": minimum}
    told = play([[10, 10]] * 2, [[10, 10]] * 2, [[0.6, 0.6]], bps=0.0, account=account)
    assert told.shares[0].tolist() == [500.0, 500.0]
    told = play([[10, 10]] * 2, [[10, 10]] * 2, [[0.3, 0.9]], bps=0.0, account=account)
    # A minimum of 4 000 lets the first lapse at the decision already, and all of the second fill.
    assert told.shares[0] == cents(*([250.0, 750.0] if minimum == 1_000.0 else [0.0, 900.0]))
    account = {"min_trade_value": 2_900.0}
    told = play([[10, 10]] * 2, [[10, 10]] * 2, [[0.3, 0.9]], bps=0.0, account=account)
    assert told.shares[0] == cents(0.0, 750.0) and told.cash[0] == cents(2_500.0)


@settings(max_examples=80, deadline=None)
@given(whole=st.booleans(), **episodes)
def test_no_rationed_order_is_below_the_minimum(whole, seed, **shape):
    """With fills at flat prices value at decision and fill is the same: no buy is below the minimum."""
    episode = random_episode(seed, **shape).with_prices(20.0)
    account = {"min_trade_value": 5_021.7, "whole_shares": whole}
    for step in run_kernel(episode, rulebook(shape["assets"], account=account, costs=250.0).parts):
        bought = step.outcome.traded * 20.0
        assert (bought[bought > 0] >= 5_021.7 * (1 - 1e-9)).all()


@pytest.mark.parametrize("capital", [1.0, 3.0, 7e3, 123_456.7, 1e6 + 1, 9.9e11])
def test_a_limit_that_is_met_exactly_is_met_at_every_capital(capital):
    """All in one name without costs, stopped 5 % down: that is a loss of the session of just 5 %."""
    stops = {"stop_loss": 0.05, "max_session_loss": 0.05, "cooldown_bars": 0}
    prices = [[33.3], [33.3], [33.3], [31.635], [31.6]]
    told = play(prices, prices, [[1.0]] + [[NAN]] * 3, bps=0.0, stops=stops, capital=capital)
    assert told.shares[:, 0].tolist()[2:] == [0.0, 0.0]
    assert told.forced.tolist() == [False, False, False, True]


@pytest.mark.parametrize("capital", [1.0, 3.0, 7e3, 123_456.7, 1e6 + 1, 9.9e11])
def test_buying_more_at_the_same_price_moves_no_stop(capital):
    """0.1, 0.2, ... 0.7 at 33.3 each: the stop stays at 0.95 x 33.3 = 31.635, which the last low meets."""
    prices = [[33.3]] * 8 + [[31.635]]
    wanted = [[0.1 * k] for k in range(1, 8)] + [[NAN]]
    told = play(prices, prices, wanted, stops={"stop_loss": 0.05, "cooldown_bars": 2}, capital=capital)
    assert told.entry[6, 0] == 33.3 and told.shares[-1, 0] == 0.0 and told.age[-1, 0] == -2


@pytest.mark.parametrize("capital", [1.0, 3.0, 7e3, 123_456.7, 9.9e11])
def test_what_a_total_loss_leaves_of_the_money_trades_no_more(capital):
    """A sale at a cost of 100 % leaves the rounding of the cash: that is ruin, not equity."""
    prices, wanted = [[33.3, 7.7]] * 5, [[0.9, 0.1], [0.0, 0.0], [0.5, 0.5], [0.5, 0.5]]
    told = play(prices, prices, wanted, bps=10_000.0, capital=capital)
    assert (told.equity[1:] <= DUST * capital).all() and (told.shares[1:] == 0).all()
    assert (told.turnover[2:] == 0).all()


def test_orders_that_only_rounding_asks_for_are_none():
    """The weights that are there already are wanted: nothing trades, at any capital."""
    for capital in (1.0, 77.7, 1e6 + 1):
        told = play([[33.3, 7.7]] * 6, [[33.3, 7.7]] * 6, [[0.7, 0.2]] * 5, bps=0.0, capital=capital)
        assert (told.traded[1:] == 0).all() and (told.turnover[1:] == 0).all()
