"""The planted alpha is what the settings say: size, half-life, where in the bar, expected returns."""

import numpy as np
import polars as pl
import pytest


def _correlations(x, y):
    """Return the correlation of each column of `x` with the same column of `y`."""
    x, y = x - x.mean(0), y - y.mean(0)
    return (x * y).sum(0) / np.sqrt((x**2).sum(0) * (y**2).sum(0))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("ic", [0.0, 0.05, 0.3])
def test_signal_correlates_with_the_next_idiosyncratic_return_as_asked(synthetic, seed, ic):
    path = synthetic(seed=seed, information_coefficient=ic, n_assets=20, years=6).simulate()
    found = _correlations(path.signal[:-1], path.idio[1:])
    error = (1 - ic**2) / np.sqrt(len(path.ts) - 1)
    assert abs(found.mean() - ic) < 4 * error / np.sqrt(20)
    assert np.abs(found - ic).max() < 5 * error
    # Once the next bar is over the signal knows nothing more than its own persistence brings.
    assert abs(_correlations(path.signal, path.idio).mean() - ic * 2 ** (-1 / 12)) < 4 * error / np.sqrt(20)


@pytest.mark.parametrize("half_life", [3.0, 12.0])
def test_signal_has_the_half_life_and_unit_variance(synthetic, half_life):
    signal = synthetic(signal_half_life_bars=half_life, n_assets=20, years=10).simulate().signal
    lag = int(half_life)
    assert _correlations(signal[:-lag], signal[lag:]).mean() == pytest.approx(0.5, abs=0.02)
    assert _correlations(signal[: -2 * lag], signal[2 * lag :]).mean() == pytest.approx(0.25, abs=0.03)
    assert signal.var() == pytest.approx(1, abs=0.03)
    assert signal[0].std() > 0.3  # stationary from the first bar on


def test_alpha_is_earned_after_the_next_open(synthetic):
    path = synthetic(information_coefficient=0.1, n_assets=20, years=6).simulate()
    gap = np.log(path.open[1:] / path.close[:-1])
    body = np.log(path.close[1:] / path.open[1:])
    error = 1 / np.sqrt(gap.size)
    assert abs(_correlations(path.signal[:-1], gap).mean()) < 4 * error
    assert _correlations(path.signal[:-1], body).mean() > 0.05
    overnight = np.arange(1, len(path.ts)) % 6 == 0
    share = gap[overnight].var() / np.log(path.close[1:] / path.close[:-1])[overnight].var()
    assert share == pytest.approx(0.7, abs=0.1)
    assert gap[~overnight].var() < 0.05 * body[~overnight].var()


def test_another_information_coefficient_leaves_every_other_draw_alone(synthetic):
    none, some = (synthetic(information_coefficient=ic, years=1).simulate() for ic in (0.0, 0.2))
    np.testing.assert_array_equal(none.signal, some.signal)
    np.testing.assert_array_equal(none.regime, some.regime)
    np.testing.assert_array_equal(none.last_row, some.last_row)
    planted = some.idio - np.sqrt(1 - 0.2**2) * none.idio
    scale = planted[1:] / some.signal[:-1]  # information coefficient x sd of the asset, constant in time
    np.testing.assert_allclose(scale, np.broadcast_to(np.median(scale, axis=0), scale.shape), rtol=1e-6)
    sd_annual = scale[0] / 0.2 * np.sqrt(365.25 * 5 / 7 * 6)
    assert 0.15 <= sd_annual.min() <= sd_annual.max() <= 0.35


def test_realised_returns_regress_on_expected_ones_with_slope_one(synthetic):
    path = synthetic(information_coefficient=0.2, n_assets=20, years=15).simulate()
    realised = (path.close[1:] / path.close[:-1] - 1).ravel()
    expected = path.expected_return[:-1].ravel()
    slope = np.cov(realised, expected)[0, 1] / expected.var()
    assert slope == pytest.approx(1, abs=0.05)


def test_expected_simple_return_allows_for_the_variance(synthetic):
    still = {"drift_annual": 0.0, "vol_annual": 0.01}
    regimes = {"bull": still, "bear": still, "volatile": still}
    risk = {"factor_count": 0, "idio_vol_annual_low": 1.0, "idio_vol_annual_high": 1.0}
    path = synthetic(
        regimes=regimes, risk=risk, information_coefficient=0.0, n_assets=20, years=15
    ).simulate()
    realised = path.close[1:] / path.close[:-1] - 1
    error = realised.std() / np.sqrt(realised.size)
    assert abs(realised.mean() - path.expected_return.mean()) < 4 * error
    assert realised.var() / 2 > 8 * error  # a missing correction would show


def test_expected_returns_are_given_where_a_next_bar_exists(synthetic):
    bars = synthetic(years=2, delisting={"per_year": 0.5}).load()
    rows = bars.frame.select("ts", "ticker", next=pl.col("ts").shift(-1).over("ticker"))
    with_next = rows.filter(pl.col("next").is_not_null()).select("ts", "ticker")
    assert bars.expected_return.select("ts", "ticker").equals(with_next)
    assert bars.expected_return["expected_return"].is_finite().all()
