"""The embedded market behaves like a market: tails, regimes, ranges, volume, delistings, calendar."""

from datetime import time

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError
from quality_bars import quality

from ploutos.data.synthetic_prices import bridge_range
from ploutos.data.synthetic_random import ar1, fat_noise
from ploutos.data.synthetic_regimes import regime_path
from ploutos.data.synthetic_settings import Regime
from ploutos.types import ConfigError


def test_same_seed_same_market_other_seed_other_market(synthetic):
    one, again, other = (synthetic(seed=seed, years=1).load() for seed in (7, 7, 8))
    assert one.frame.equals(again.frame)
    assert one.expected_return.equals(again.expected_return)
    assert not one.frame["close"].equals(other.frame["close"])
    assert (
        synthetic(seed=7).fingerprint() == synthetic(seed=7).fingerprint() != synthetic(seed=8).fingerprint()
    )


def test_more_years_only_extend_the_market(synthetic):
    short, long = (synthetic(years=years).simulate() for years in (1, 3))
    rows = len(short.ts)
    for name in ("ts", "regime", "open", "high", "low", "close", "volume", "signal", "expected_return"):
        np.testing.assert_array_equal(getattr(long, name)[:rows], getattr(short, name), err_msg=name)


def test_an_independent_market_is_longer_and_loses_nobody(synthetic):
    source = synthetic(delisting={"per_year": 0.5})
    other = source.independent(seed=9, bars=6 * 400)
    path = other.simulate()
    assert abs(len(path.ts) - 6 * 400) <= 6
    assert path.to_bars().delistings.is_empty() and not source.load().delistings.is_empty()
    different = {k for k, v in source.fingerprint().items() if other.fingerprint()[k] != v}
    assert different == {"seed", "years", "delisting"}


def test_bars_pass_the_checks_of_a_file(synthetic):
    bars = synthetic(years=2).load()
    frame = bars.frame
    assert frame.columns == ["ts", "ticker", "open", "high", "low", "close", "volume", "signal"]
    assert bars.signals == ("signal",)
    assert frame.equals(frame.sort("ticker", "ts"))
    rules = quality("strict")
    kept, findings = rules.check_rows(frame, file="synthetic")
    assert kept.equals(frame) and not any(each["count"] for each in findings)
    first = frame.group_by("ticker").first()["open"]
    assert 15 < first.min() < first.max() < 600


def test_bars_close_at_the_same_wall_times_all_year_on_weekdays(synthetic):
    local = synthetic(years=2).load().frame["ts"].dt.convert_time_zone("America/New_York")
    assert sorted(local.dt.time().unique().to_list()) == [time(hour) for hour in range(11, 17)]
    assert local.dt.weekday().max() == 5
    assert local.dt.base_utc_offset().n_unique() == 1
    assert local.dt.dst_offset().n_unique() == 2


@pytest.mark.parametrize(("probability", "scale"), [(0.0, 0.0), (0.01, 5.0)])
def test_noise_has_unit_variance_and_the_kurtosis_of_its_formula(probability, scale):
    dof = 10.0
    draws = fat_noise(
        np.random.default_rng(0),
        (3_000_000,),
        tail_dof=dof,
        jump_probability=probability,
        jump_scale=scale,
    )
    t4 = 3 + 6 / (dof - 4)
    total = 1 + probability * scale**2
    kurtosis = (t4 + 6 * probability * scale**2 + 3 * probability * scale**4) / total**2
    assert draws.mean() == pytest.approx(0, abs=0.003)
    assert draws.var() == pytest.approx(1, abs=0.01)
    assert (draws**4).mean() == pytest.approx(kurtosis, rel=0.06)


def test_doubling_solves_the_recursion_of_the_autoregression():
    x = ar1(np.random.default_rng(3), (500, 2), half_life=7.0)
    phi = 2 ** (-1 / 7.0)
    innovations = np.random.default_rng(3).standard_normal((500, 2))
    slow = [innovations[0]]
    for e in innovations[1:]:
        slow.append(phi * slow[-1] + np.sqrt(1 - phi**2) * e)
    np.testing.assert_allclose(x, slow, rtol=1e-12, atol=1e-12)


def test_idiosyncratic_returns_are_fat_tailed(synthetic):
    idio = synthetic(n_assets=10, years=8).simulate().idio
    kurtosis = ((idio - idio.mean(0)) ** 4).mean(0) / idio.var(0) ** 2
    assert kurtosis.min() > 5


def test_regimes_last_as_long_and_are_as_frequent_as_asked():
    regimes = [Regime(drift_annual=0, vol_annual=0.1, mean_sessions=d) for d in (100.0, 30.0, 10.0)]
    path = regime_path(5, 400_000, regimes)
    changes = np.flatnonzero(np.diff(path)) + 1
    spells = [(path[block[0]], len(block)) for block in np.split(np.arange(len(path)), changes)]
    for state, mean in enumerate((100.0, 30.0, 10.0)):
        assert np.mean([n for s, n in spells if s == state]) == pytest.approx(mean, rel=0.08)
        assert (path == state).mean() == pytest.approx(mean / 140, rel=0.08)


def test_returns_have_the_volatility_of_the_regime_known_before_the_bar(synthetic):
    path = synthetic(years=20, n_assets=10).simulate()
    market = np.log(path.close[1:] / path.close[:-1]).mean(axis=1)
    sd = [market[path.regime[:-1] == state].std() for state in range(3)]
    assert path.regime_names == ("bull", "bear", "volatile")
    assert sd[0] < sd[1] < sd[2]
    assert sd[2] / sd[0] > 1.6


def test_equal_weight_earns_a_sharpe_ratio_like_a_market(synthetic):
    ratios = []
    for seed in range(20):
        path = synthetic(seed=seed, years=8, n_assets=15).simulate()
        returns = (path.close[1:] / path.close[:-1] - 1).mean(axis=1)
        ratios.append(returns.mean() / returns.std() * np.sqrt(261 * 6))
    assert 0.4 < np.mean(ratios) < 1.0


def test_range_of_a_bar_is_that_of_a_brownian_bridge():
    flat, sd = np.zeros((400_000, 1)), np.full((400_000, 1), 0.01)
    high, low = bridge_range(np.random.default_rng(0), flat, flat, sd)
    assert high.mean() == pytest.approx(0.01 * np.sqrt(np.pi / 8), rel=0.01)  # E max of a bridge 0 -> 0
    assert low.mean() == pytest.approx(-high.mean(), rel=0.01)


def test_volume_is_u_shaped_and_grows_with_the_move(synthetic):
    path = synthetic(years=3, n_assets=10).simulate()
    log_volume = np.log(path.volume)
    by_bar = [log_volume[k::6].mean() for k in range(6)]
    assert min(by_bar[0], by_bar[5]) > max(by_bar[1], by_bar[4]) > max(by_bar[2], by_bar[3])
    move = np.abs(np.log(path.close[1:] / path.close[:-1]))
    assert np.mean([np.corrcoef(log_volume[1:, i], move[:, i])[0, 1] for i in range(10)]) > 0.15
    assert (path.volume == np.rint(path.volume)).all()
    assert path.volume.min() >= 1


def test_delisted_names_stop_where_the_table_says(synthetic):
    bars = synthetic(years=5, delisting={"per_year": 0.3}).load()
    ends = bars.frame.group_by("ticker").agg(pl.col("ts").max()).sort("ticker")
    early = ends.filter(pl.col("ts") < ends["ts"].max())
    assert 5 < early.height < 28
    assert bars.delistings.select("ticker", "ts").equals(early)
    assert bars.delistings["delisting_return"].is_between(-0.6, 0.0).all()
    assert bars.quality["delisted"] == early.height


def test_at_least_two_names_survive(synthetic):
    bars = synthetic(years=5, n_assets=4, delisting={"per_year": 50.0}).load()
    assert bars.delistings.height == 2
    assert synthetic(years=1, delisting={"per_year": 0.0}).load().delistings.is_empty()


def test_one_bar_a_session(synthetic):
    bars = synthetic(years=1, bars_per_session=1, bar_minutes=390).load()
    assert bars.frame["volume"].is_finite().all()


@pytest.mark.parametrize(
    ("overrides", "error", "message"),
    [
        ({"n_assets": 1}, ValidationError, "n_assets"),
        ({"information_coefficient": 1.0}, ValidationError, "information_coefficient"),
        ({"noise": {"tail_dof": 2.0}}, ValidationError, "tail_dof"),
        ({"noise": {"tail_dov": 3.0}}, ValidationError, "tail_dov"),
        ({"delisting": {"return_low": 0.5}}, ValidationError, "return_low 0.5 is above return_high 0"),
        ({"session_first_start": "20:00"}, ConfigError, "runs past midnight"),
        ({"price_low": 600.0}, ConfigError, "price_low 600 is above price_high 500"),
        ({"years": 0.001}, ConfigError, "holds less than two sessions"),
    ],
)
def test_unusable_settings_are_refused(synthetic, overrides, error, message):
    with pytest.raises(error, match=message):
        synthetic(**overrides)
