"""Backtests on altered prices: the same road as the stitched track."""

import numpy as np
import polars as pl
import pytest

from ploutos.backtest import replay as module
from ploutos.backtest.replay import CouncilReplay, with_noise


def replay(world, policies):
    return CouncilReplay(
        panel=world.panel,
        features=world.parts.features,
        environment=world.parts.environment,
        folds=world.folds,
        councils=policies,
        capital=world.backtest.capital,
    )


def test_no_noise_gives_the_stitched_equity(world, tilt):
    policies = [tilt(), tilt(feature="return_30", invested=1.4), tilt(hold_every=2)]
    expected = world.stitched(policies).bars["equity"].to_numpy()
    equity = replay(world, policies).noisy_equity(noise=0.0, paths=2, seed=0)
    assert equity.shape == (2, len(expected))
    np.testing.assert_allclose(equity, np.stack([expected] * 2), rtol=1e-5)


def test_a_path_does_not_depend_on_how_many_there_are(world, tilt, monkeypatch):
    policies = [tilt()] * 3
    many = replay(world, policies).noisy_equity(noise=0.002, paths=4, seed=3)
    few = replay(world, policies).noisy_equity(noise=0.002, paths=2, seed=3)
    np.testing.assert_allclose(few, many[:2], rtol=1e-5)
    monkeypatch.setattr(module, "CHUNK_BYTES", 1)
    chunked = replay(world, policies).noisy_equity(noise=0.002, paths=4, seed=3)
    np.testing.assert_allclose(chunked, many, rtol=1e-5)
    other = replay(world, policies).noisy_equity(noise=0.002, paths=2, seed=4)
    assert not np.isclose(other[:, -1], many[:2, -1], rtol=1e-6).any()
    assert len(set(many[:, -1])) == 4


def test_noise_moves_prices_and_features(world, tilt):
    """Trap 10. `blind` ignores features, so only prices can change what it earns."""
    blind = tilt(sharpness=0.0)
    noisy = replay(world, [blind] * 3).noisy_equity(noise=0.01, paths=2, seed=0)
    still = world.stitched([tilt(sharpness=0.0)] * 3).bars["equity"].to_numpy()
    assert abs(noisy[0] / still - 1).max() > 1e-3
    layout = world.layout
    rows = world.folds[0].test.rows(world.panel.ts)
    calm = world.panel.features[rows.start - 1]
    first = blind.seen[0]
    member = layout.asset_column(first, "member") > 0
    price_features = [name for name in layout.feature_names if name.startswith(("return_", "trend_"))]
    assert len(price_features) > 4
    for name in price_features:
        seen = layout.asset_column(first, name)
        truth = calm[:, layout.feature_names.index(name)]
        assert (seen[member] != np.stack([truth] * 2)[member]).all(), name
        assert (seen[0] != seen[1])[member[0]].all()
        assert np.allclose(seen[member], np.stack([truth] * 2)[member], atol=0.05)


def test_noisy_features_are_those_of_the_noisy_prices(world, tilt):
    """return_1 as observed is the log ratio of the very closes that fills and marks use."""
    policy = tilt(hold_every=1)
    made = replay(world, [policy] * 3)
    rows = slice(0, made.windows[-1].stop)
    bars = module.panel_bars(world.panel, rows)
    frames = [with_noise(bars.frame, 0.01, np.random.default_rng(1))]
    market = made._market(frames, bars.actions, rows)
    column = market.feature_names.index("return_1")
    traded = np.isfinite(market.open[0])
    both = traded[1:] & traded[:-1] & market.member[1:]
    ratio = np.log(market.close[0, 1:] / market.close[0, :-1])
    np.testing.assert_allclose(market.features[0, 1:, :, column][both], ratio[both], atol=2e-6)
    assert both.sum() > 1000


def test_signals_and_macro_stay(world, tilt):
    policy = tilt()
    replay(world, [policy] * 3).noisy_equity(noise=0.01, paths=1, seed=0)
    calm = tilt()
    world.stitched([calm] * 3)
    layout = world.layout
    for name in world.panel.signals:
        a, b = (np.stack([layout.asset_column(o, name) for o in p.seen]) for p in (policy, calm))
        np.testing.assert_array_equal(a, b)
    macro = len(layout.macro_names)
    assert macro and all(
        (a[:, -macro:] == b[:, -macro:]).all() for a, b in zip(policy.seen, calm.seen, strict=True)
    )


@pytest.mark.parametrize("noise", [0.0, 0.001, 0.5])
def test_noise_is_bounded_and_bars_stay_bars(world, noise):
    frame = world.parts.source.load().frame
    moved = with_noise(frame, noise, np.random.default_rng(0))
    for name in ("open", "close"):
        change = (moved[name] / frame[name] - 1).abs()
        assert change.max() <= noise * (1 + 1e-9) + 1e-12
        assert noise == 0 or 0.45 < change.mean() / noise < 0.55
    assert moved.select((pl.col("high") >= pl.max_horizontal("open", "close", "low")).all()).item()
    assert moved.select((pl.col("low") <= pl.min_horizontal("open", "close", "high")).all()).item()
    assert noise > 0 or moved.equals(frame)
    assert moved["volume"].equals(frame["volume"])
