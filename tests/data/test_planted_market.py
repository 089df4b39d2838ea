"""The planted market: deterministic, extendable, clean, and worth holding."""

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError
from quality_bars import quality

from ploutos.types import ConfigError

KINDS = ("linear", "interaction", "memory", "regime", "crowded", "none")


@pytest.mark.parametrize("kind", KINDS)
def test_same_seed_same_market_other_seed_other_market(planted, kind):
    one, again, other = (planted(kind, seed=seed, n_bars=500, n_assets=4).load() for seed in (7, 7, 8))
    assert one.frame.equals(again.frame)
    assert one.expected_return.equals(again.expected_return)
    for name in ("close", *one.signals):
        assert not one.frame[name].equals(other.frame[name])


@pytest.mark.parametrize("kind", KINDS)
def test_more_bars_only_extend_the_market(planted, kind):
    short, long = (planted(kind, n_bars=bars, n_assets=3).simulate() for bars in (601, 1500))
    rows = len(short.ts)
    np.testing.assert_array_equal(long.ts[:rows], short.ts)
    pairs = [(long.grids[name], grid) for name, grid in short.grids.items()]
    pairs += [(long.signals[name], signal) for name, signal in short.signals.items()]
    for more, less in [*pairs, (long.moves.expected, short.moves.expected)]:
        np.testing.assert_array_equal(more[:rows], less)


def test_an_independent_market_differs_in_draws_and_length_only(planted):
    source = planted("regime", n_assets=5)
    other = source.independent(seed=99, bars=300)
    same = {name: value for name, value in other.fingerprint().items() if name not in ("seed", "n_bars")}
    assert same == {name: source.fingerprint()[name] for name in same}
    assert (other.seed, other.simulate().grids["close"].shape) == (99, (300, 5))


def test_fingerprints_tell_every_setting(planted):
    prints = [
        planted().fingerprint(),
        planted(seed=1).fingerprint(),
        planted(alpha={"ic": 0.1}).fingerprint(),
        planted("crowded").fingerprint(),
        planted("regime").fingerprint(),
        planted("regime", alpha={"states": {"bear": {"direction": 0.5}}}).fingerprint(),
    ]
    assert all(a != b for k, a in enumerate(prints) for b in prints[:k])


@pytest.mark.parametrize("kind", KINDS)
def test_bars_pass_the_checks_of_a_file(planted, kind):
    bars = planted(kind, n_bars=2000, n_assets=12).load()
    frame = bars.frame
    assert frame.columns == ["ts", "ticker", "open", "high", "low", "close", "volume", *bars.signals]
    assert frame.height == 2000 * 12 and frame.equals(frame.sort("ticker", "ts"))
    kept, findings = quality("strict").check_rows(frame, file="planted")
    assert kept.equals(frame) and not any(each["count"] for each in findings)
    assert bars.expected_return.height == 1999 * 12
    local = frame["ts"].dt.convert_time_zone("America/New_York")
    assert sorted(local.dt.hour().unique().to_list()) == list(range(11, 17))
    assert local.dt.weekday().max() == 5


def test_a_bar_opens_where_the_last_one_closed_but_for_its_gap(planted):
    path = planted(n_bars=3000, n_assets=6).simulate()
    gap = np.log(path.grids["open"][1:] / path.grids["close"][:-1])
    np.testing.assert_allclose(gap, path.moves.gap[1:], atol=1e-9)
    share = gap.var() / np.log(path.grids["close"][1:] / path.grids["close"][:-1]).var()
    assert 0.015 < share < 0.025


@pytest.mark.parametrize("kind", ["linear", "regime"])
def test_holding_everything_has_a_sharpe_ratio_of_about_nine_tenths(planted, kind):
    found = []
    for seed in range(6):
        path = planted(kind, seed=seed, n_bars=30_000).simulate()
        simple = np.expm1(path.moves.gap + path.moves.body).mean(axis=1)
        found.append(simple.mean() / simple.std() * np.sqrt(6 * 365.25 * 5 / 7))
    assert np.mean(found) == pytest.approx(0.9, abs=3 / np.sqrt(6 * 30_000 / 1565))


def test_prices_are_those_of_a_market(planted):
    path = planted(n_bars=10_000).simulate()
    close = path.grids["close"]
    assert close.min() > 1 and np.isfinite(close).all()
    year = np.log(close[1:] / close[:-1]).std(axis=0) * np.sqrt(1565)
    assert 0.2 < year.min() < year.max() < 0.45
    assert (path.grids["volume"] >= 1).all()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"price_low": 600.0}, "price_low 600 is above price_high 500"),
        ({"bars_per_session": 20}, "runs past midnight"),
    ],
)
def test_contradictions_are_refused(planted, settings, told):
    with pytest.raises(Exception, match=told) as refused:
        planted(**settings)
    cause = refused.value
    while cause.__cause__ is not None:
        cause = cause.__cause__
    assert isinstance(cause, ConfigError)


@pytest.mark.parametrize("settings", [{"alpha": {"ic": 1.0}}, {"n_assets": 1}, {"drift_annual": -1.0}])
def test_values_out_of_range_are_refused(planted, settings):
    with pytest.raises(Exception) as refused:
        planted(**settings)
    cause = refused.value
    while cause.__cause__ is not None:
        cause = cause.__cause__
    assert isinstance(cause, ValidationError)


def test_signals_reach_the_panel_and_truth_does_not(planted):
    from ploutos.env.market import Market
    from ploutos.env.observation.standard import Standard
    from ploutos.features.feature_columns import FeatureColumns
    from ploutos.macro.no_macro import NoMacro
    from ploutos.panel.assemble import assemble
    from ploutos.universe.static import Static

    source = planted("interaction", n_bars=200, n_assets=3)
    path = source.simulate()
    panel = assemble(
        source.load(), Static(tickers=None), FeatureColumns((), source.clock), NoMacro(), clock=source.clock
    )
    assert panel.feature_names == ("signal_a", "signal_b")
    np.testing.assert_array_equal(panel.features[:, :, 0], path.signals["signal_a"].astype(np.float32))
    market = Market.of(panel)
    np.testing.assert_array_equal(market.truth.expected_return[:-1], path.moves.expected[:-1])
    assert np.isnan(market.truth.expected_return[-1]).all()
    assert Standard().layout(market).feature_names == panel.feature_names
    assert isinstance(panel.quality, dict) and isinstance(source.load().frame, pl.DataFrame)
