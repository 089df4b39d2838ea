"""What cost models know of a market, and what they refuse."""

import numpy as np
import pytest
from arena import bars_by_name
from by_hand import NAN, cents, play
from episodes import market_of, random_episode
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from slow_liquidity import liquidity

from hand_market import make_market
from ploutos.execution.costs.fixed_bps import FixedBps
from ploutos.execution.costs.per_asset import PerAsset
from ploutos.execution.costs.realistic import Realistic
from ploutos.types import ConfigError

RATES = {
    "commission_bps": 0.5,
    "half_spread_bps": 1.0,
    "slippage": 0.05,
    "impact": 1.0,
    "borrow_bps_annual": 50.0,
}
seeds = st.integers(0, 2**32 - 1)


def known(market, window_bars):
    """Return volatility and dollar volume, each [P, T, N]."""
    table = Realistic(**RATES, window_bars=window_bars).table(market.roster)
    return np.moveaxis(table.liquidity, 2, 0)


@settings(max_examples=60, deadline=None)
@given(seed=seeds, window=st.integers(1, 6), rows=st.integers(2, 20), messy=st.sampled_from([0.0, 1.0]))
def test_liquidity_is_the_slow_formula(seed, window, rows, messy):
    episode = random_episode(seed, paths=2, batch=1, rows=rows, assets=3, messy=messy)
    volatility, traded = known(episode.market, window)
    for p in range(2):
        for n, bars in enumerate(bars_by_name(episode, p)):
            own = [
                (o, c, v, episode.splits.get((t, n), 1.0), episode.dividends.get((t, n), 0.0))
                for t, (o, _, _, c, v) in enumerate(bars)
            ]
            wanted = np.array([liquidity(own, t, window) for t in range(rows)])
            np.testing.assert_allclose(volatility[p, :, n], wanted[:, 0], rtol=1e-12, atol=1e-15)
            np.testing.assert_allclose(traded[p, :, n], wanted[:, 1], rtol=1e-12)


@settings(max_examples=40, deadline=None)
@given(seed=seeds, window=st.integers(1, 4), cut=st.integers(1, 10))
def test_liquidity_does_not_depend_on_where_the_tape_begins(seed, window, cut):
    """Bit for bit, from the bar on that has the whole window, and the close before it, behind it."""
    episode = random_episode(seed, paths=1, batch=1, rows=24, assets=3, messy=0.5)
    moved = {
        kind: {(t - cut, n): x for (t, n), x in getattr(episode, kind).items() if t > cut}
        for kind in ("splits", "dividends", "delistings")
    }
    market = episode.market
    later = market_of(episode.prices[:, :, cut:], market.member[cut:], market.ts[cut:], 7, **moved)
    own_bars = np.isfinite(later.open[0]).cumsum(axis=0)
    full = own_bars > window
    assert full.any()
    for whole, part in zip(known(market, window), known(later, window), strict=True):
        assert (whole[0, cut:][full] == part[0][full]).all()


def test_a_split_is_no_volatility():
    plain = make_market([[100]] * 4, [[100], [110], [99], [108]])
    split = make_market([[100]] * 4, [[100], [110], [49.5], [54]], splits=[(2, 0, 2.0)])
    np.testing.assert_allclose(known(split, 3)[0], known(plain, 3)[0], rtol=1e-12)


def test_a_split_on_a_bar_without_trades_counts_at_the_next_one():
    plain = make_market([[100], [NAN], [100]], [[100], [100], [110]])
    split = make_market([[100], [NAN], [50]], [[100], [100], [55]], splits=[(1, 0, 2.0)])
    np.testing.assert_allclose(known(split, 3)[0], known(plain, 3)[0], rtol=1e-12)


def test_going_ex_dividend_is_no_volatility():
    """100, then 98.5 after 1.5: nobody gained or lost anything. Half a share more of 3 is the same story."""
    still = make_market([[100]] * 4, [[100], [98.5], [98.5], [95.5]], dividends=[(1, 0, 1.5), (3, 0, 3.0)])
    assert known(still, 3)[0].ravel().tolist() == pytest.approx([0.0] * 4, abs=1e-15)
    both = make_market([[100]] * 3, [[100], [48.5], [48.5]], splits=[(1, 0, 2.0)], dividends=[(1, 0, 1.5)])
    assert known(both, 3)[0].ravel().tolist() == pytest.approx([0.0] * 3, abs=1e-15)
    # Of 100 less 10 = 90 to 99: a tenth gained.
    moved = make_market([[100]] * 2, [[100], [99]], dividends=[(1, 0, 10.0)])
    assert known(moved, 1)[0].ravel().tolist() == pytest.approx([0.0, np.log(1.1)], rel=1e-12)


def test_dividends_on_bars_without_trades_count_at_the_next_one():
    market = make_market(
        [[100], [NAN], [NAN], [90]], [[100], [100], [100], [90]], dividends=[(1, 0, 4.0), (2, 0, 6.0)]
    )
    assert known(market, 3)[0].ravel().tolist() == pytest.approx([0.0] * 4, abs=1e-15)


def test_an_order_after_a_dividend_pays_no_slippage_for_it():
    """10 000 x (0.5 + 1.0) bps = 1.50 and nothing for a volatility of 0."""
    market = {"dividends": [(1, 0, 10.0)]}
    costs = RATES | {"window_bars": 5}
    told = play([[100], [90], [90]], [[100], [90], [90]], [[NAN], [1.0]], costs=costs, capital=2e4, **market)
    assert told.cost[1] == cents(20_000 * 1.5e-4)


def test_nothing_is_known_before_the_first_bar_and_no_move_before_the_second():
    volatility, traded = known(
        make_market([[NAN], [10], [11]], [[NAN], [10], [11]], volumes=[[0], [3], [0]]), 5
    )
    assert volatility[0, :2, 0].tolist() == [0.0, 0.0]
    assert volatility[0, 2, 0] == pytest.approx(np.log(1.1))
    assert traded[0, :, 0].tolist() == [0.0, 30.0, 15.0]


def test_without_volume_the_whole_impact_is_paid():
    # sigma = ln(1.1) = 0.0953102, r = 2 sigma = 0.1906204; 50 shares at 100.
    costs = dict.fromkeys(RATES, 0.0) | {"impact": 2.0, "window_bars": 1}
    told = play([[100]] * 3, [[90], [99], [100]], [[0.0], [0.495]], costs=costs, volumes=np.zeros((3, 1)))
    assert told.cost[1] == cents(5_000 * 0.1906204)


def test_an_order_beyond_the_volume_pays_no_more_than_the_whole_impact():
    costs = dict.fromkeys(RATES, 0.0) | {"impact": 2.0, "window_bars": 1}
    told = play([[100]] * 3, [[90], [99], [100]], [[0.0], [0.495]], costs=costs, volumes=np.ones((3, 1)))
    assert told.cost[1] == cents(5_000 * 0.1906204)


def test_no_fill_costs_more_than_its_notional():
    # Slippage of 50 sigma would be 4.77 times the notional. 0.3 x 10 000 / 99 = 30.3030 shares at 100.
    costs = dict.fromkeys(RATES, 0.0) | {"slippage": 50.0, "window_bars": 1}
    told = play([[100]] * 3, [[90], [99], [100]], [[0.0], [0.3]], costs=costs)
    assert told.cost[1] == cents(3_030.30)
    assert told.equity[1] == cents(6_969.70)


def test_a_sale_at_the_highest_rate_leaves_nothing():
    told = play([[50]] * 3, [[50]] * 3, [[0.4], [0.0]], bps=10_000)
    assert told.cash == cents(2_000.00, 2_000.00)


def test_each_ticker_pays_by_its_own_parameters():
    # A as by default, 1.5 bps; B 20.5 bps; C 0.5 + 11 bps. 100 shares at 30 each.
    assets = {"T1": {"commission_bps": 19.5}, "T2": {"half_spread_bps": 11.0}}
    costs = RATES | {"slippage": 0.0, "impact": 0.0, "window_bars": 5, "assets": assets}
    told = play([[30] * 3] * 2, [[30] * 3] * 2, [[0.3] * 3], costs=costs)
    assert told.fees[0].tolist() == cents(0.45, 6.15, 3.45)


def test_per_asset_overrides_any_parameter():
    market = make_market([[30] * 2] * 3, [[30] * 2] * 3)
    special = {"slippage": 0.7, "impact": 3.0, "borrow_bps_annual": 900.0}
    model = PerAsset(default=Realistic(**RATES, window_bars=2), assets={"T1": special})
    table = model.table(market.roster)
    assert model.window_bars == 2
    assert table.fixed[0].tolist() == pytest.approx([1.5e-4, 1.5e-4])
    assert table.slippage[0].tolist() == [0.05, 0.7] and table.impact[0].tolist() == [1.0, 3.0]
    assert table.borrow_annual[0].tolist() == pytest.approx([0.005, 0.09])


@pytest.mark.parametrize(
    ("assets", "words"),
    [
        ({"T11": {"impact": 1.0}}, ["T11", "'T1'"]),
        ({"T0": {"impct": 1.0}}, ["T0", "impct", "'impact'"]),
        ({"T0": {"window_bars": 3.0}}, ["window_bars", "Nearest"]),
    ],
)
def test_a_mistake_in_per_asset_is_told_in_one_line(assets, words):
    market = make_market([[30] * 2] * 2, [[30] * 2] * 2)
    with pytest.raises(ConfigError) as told:
        PerAsset(default=Realistic(**RATES, window_bars=2), assets=assets).table(market.roster)
    message = str(told.value)
    assert all(word in message for word in [*words, "execution.costs.assets"]) and "\n" not in message


@pytest.mark.parametrize("value", [-1.0, float("inf"), NAN])
def test_a_parameter_that_cannot_be_is_refused_by_ticker_and_name(value):
    with pytest.raises(ValidationError) as told:
        PerAsset(default=Realistic(**RATES, window_bars=2), assets={"T0": {"impact": value}})
    (error,) = told.value.errors()
    assert error["loc"] == ("assets", "T0", "impact") and error["type"] in (
        "greater_than_equal",
        "finite_number",
    )


@pytest.mark.parametrize("value", [-1.0, 10_001.0, NAN])
def test_a_rate_that_cannot_be_is_refused(value):
    with pytest.raises(ValueError, match="cost_bps"):
        FixedBps(cost_bps=value)
    with pytest.raises(ValueError, match="commission_bps"):
        Realistic(**RATES | {"commission_bps": value}, window_bars=2)
