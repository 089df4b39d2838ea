"""The out-of-sample record of a walk-forward: recomputed from its own tables, and continuous."""

import inspect

import numpy as np
import polars as pl
import pytest
from recompute import recompute_equity

from ploutos.ensemble.majority import Majority
from ploutos.ensemble.mean import Mean
from ploutos.env.action.discrete import BUY, HOLD, SELL
from ploutos.types import Action, ConfigError, Track

CAPITAL, COST_BPS = 250_000.0, 7.0


class Votes:
    """Buys above and sells below a threshold of one feature: discrete actions."""

    def __init__(self, world, feature="return_3"):
        self.layout, self.action, self.feature = world.layout, world.parts.environment.action, feature

    def reset(self, batch):
        return None

    def act(self, observation, state):
        strength = self.layout.asset_column(observation, self.feature)
        value = np.where(strength > 0.003, BUY, np.where(strength < -0.003, SELL, HOLD))
        weight = self.layout.asset_column(observation, "weight").astype(float)
        member = self.layout.asset_column(observation, "member") > 0
        targets = self.action.target_weights(value, member=member, weight=weight)
        return Action(value, targets, np.ones(targets.shape), state)


@pytest.fixture(scope="module")
def track(world, tilt):
    return world.stitched([tilt(), tilt(feature="return_30", invested=1.4), tilt(hold_every=2)])


def test_equity_follows_from_the_logged_tables_alone(track, tmp_path):
    track.save(tmp_path)
    bars = pl.read_parquet(tmp_path / "track.parquet")
    positions = pl.read_parquet(tmp_path / "positions.parquet")
    told = recompute_equity(positions, capital=CAPITAL, cost_bps=COST_BPS)
    assert [ts for ts, _, _ in told] == bars["ts"].to_list()
    np.testing.assert_allclose(bars["equity"], [e for _, e, _ in told], rtol=1e-9)
    np.testing.assert_allclose(bars["cash"], [c for _, _, c in told], rtol=1e-9, atol=1e-9 * CAPITAL)


def test_the_account_table_adds_up_the_names(track):
    together = (
        track.positions.with_columns(paid=pl.col("traded").abs() * pl.col("open"))
        .group_by("ts", maintain_order=True)
        .agg(pl.col("cost", "paid").sum())
    )
    bars = track.bars
    assert bars["cost"].sum() > 100.0
    np.testing.assert_allclose(bars["cost"], together["cost"], rtol=1e-12)
    np.testing.assert_allclose(bars["cost"], together["paid"] * COST_BPS / 10_000, rtol=1e-9)
    np.testing.assert_allclose(bars["turnover"][1:], together["paid"][1:] / bars["equity"][:-1], rtol=1e-9)


def test_the_market_of_these_tests_has_what_can_go_wrong(track, world):
    positions = track.positions
    assert positions["payout"].drop_nulls().len() > 0
    assert positions["open"].null_count() > 50
    assert positions["target_weight"].null_count() > 1000
    held = positions.with_columns(before=pl.col("shares").shift(1).over("ticker"))
    assert held.filter(pl.col("payout").is_not_null() & (pl.col("before") > 0)).height > 0
    assert (track.bars["cash"] < 1e-6).any()  # buys were cut to the cash at hand


def test_saved_and_loaded_is_the_same(track, tmp_path):
    track.save(tmp_path)
    again = Track.load(tmp_path)
    assert again.bars.equals(track.bars) and again.positions.equals(track.positions)


def test_rows_columns_and_the_starting_bar(track, world):
    bars, positions = track.bars, track.positions
    rows = [f.test.rows(world.panel.ts) for f in world.folds]
    assert bars.height == rows[-1].stop - rows[0].start + 1
    assert bars["ts"].is_sorted() and bars["ts"].is_unique().all()
    assert positions.height == bars.height * 6
    assert positions.equals(positions.sort("ts", "ticker"))
    first = bars.row(0, named=True)
    assert first["equity"] == first["cash"] == CAPITAL and first["cost"] == first["turnover"] == 0
    assert bars.dtypes[:2] == [pl.Datetime("us", "UTC"), pl.Int32]
    for fold, expected in zip(world.folds, rows, strict=True):
        own = bars.filter(pl.col("fold") == fold.index)["ts"]
        own = own.slice(1) if fold.index == 0 else own
        assert own.to_physical().to_list() == world.panel.ts[expected].tolist()


def test_weights_and_gross_describe_the_holdings(track):
    by_bar = track.positions.group_by("ts", maintain_order=True).agg(
        pl.col("weight").sum(), (pl.col("shares") * pl.col("close")).sum().alias("value")
    )
    assert np.allclose(by_bar["weight"], track.bars["gross"], atol=1e-12)
    assert np.allclose(by_bar["value"] + track.bars["cash"], track.bars["equity"], rtol=1e-12)


def test_one_policy_over_all_folds_is_one_backtest(world, tilt):
    """Neither ledger nor state restart at a fold."""
    rows = [f.test.rows(world.panel.ts) for f in world.folds]
    policy = tilt(hold_every=7)
    assert (rows[0].stop - rows[0].start) % 7  # else a state that starts again would look the same
    whole = slice(rows[0].start, rows[-1].stop)
    single = world.backtest.single(policy, world.parts.environment, world.market, whole, fold=0)
    stitched = world.stitched([policy] * 3)
    assert stitched.bars.drop("fold").equals(single.bars.drop("fold"))
    assert stitched.positions.drop("fold").equals(single.positions.drop("fold"))


def test_holdings_pass_to_the_next_fold_without_a_trade(world, tilt):
    idle = tilt(hold_every=1)
    bars = world.stitched([tilt(), idle, idle]).bars
    later = bars.filter(pl.col("fold") > 0)
    assert (later["cost"] == 0).all() and (later["turnover"] == 0).all()
    assert later["gross"][0] > 0.5
    # Only payouts of delisted names still move the cash.
    assert bars.filter(pl.col("fold") == 0)["cash"][-1] <= later["cash"][0]
    assert later["cash"].is_sorted()


def test_a_fold_starts_its_policy_afresh(world, tilt):
    class Counting(type(tilt())):
        def act(self, observation, state):
            counted.append(state)
            return super().act(observation, state)

    counted = []
    world.stitched([Counting(world.layout) for _ in range(3)])
    assert counted.count(0) == 3


def test_a_council_of_one_is_that_member(world, tilt):
    votes, weights, action = Votes(world), tilt(), world.parts.environment.action
    for member, council in (
        (votes, Majority([votes], action, world.layout)),
        (weights, Mean([weights], action, world.layout)),
    ):
        alone, together = world.stitched([member] * 3), world.stitched([council] * 3)
        assert together.bars.equals(alone.bars)
        assert together.positions.drop("confidence").equals(alone.positions.drop("confidence"))
        assert (alone.bars["turnover"].sum()) > 1


def test_the_same_orders_cost_more_at_a_higher_fee(world, tilt):
    """Trap 16, end to end: buy and hold, so that both fees buy (nearly) the same."""
    from ploutos.execution.costs.fixed_bps import FixedBps

    kept, ends = world.parts.environment, []
    names = list(inspect.signature(type(kept)).parameters)
    policies = [tilt(sharpness=0.0, invested=0.5)] * 3
    for bps in (0.0, 10.0, 50.0):
        settings = {name: getattr(kept, name) for name in names} | {"costs": FixedBps(cost_bps=bps)}
        track = world.backtest.stitched(world.folds, policies, type(kept)(**settings), world.market)
        ends.append(track.bars["equity"][-1])
    assert ends[0] > ends[1] > ends[2]


def test_cash_stays_cash(world, tilt):
    bars = world.stitched([tilt(hold_every=1)] * 3).bars
    assert (bars["equity"] == CAPITAL).all() and (bars["gross"] == 0).all()


def test_folds_that_leave_a_gap_are_refused(world, tilt):
    with pytest.raises(ConfigError, match=r"test window of fold 2 starts at row .* consecutive"):
        world.backtest.stitched(
            [world.folds[0], world.folds[2]], [tilt()] * 2, world.parts.environment, world.market
        )
