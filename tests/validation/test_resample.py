"""The stationary bootstrap against a slow loop, its own theory and the analytic standard error."""

import numpy as np
import pytest

from ploutos.types import PloutosError
from ploutos.validation.resample import bootstrap_sharpe, stationary_indices

YEAR = 252.0


def loop_indices(opens, starts, sessions):
    """Walk one sample after another: a new block where `opens` says so, else the next row, wrapping."""
    out = np.empty_like(starts)
    for i in range(starts.shape[0]):
        for j in range(sessions):
            out[i, j] = starts[i, j] if j == 0 or opens[i, j] else (out[i, j - 1] + 1) % sessions
    return out


@pytest.mark.parametrize("block", [1.0, 3.5, 40.0])
def test_indices_equal_a_slow_loop_over_the_same_draws(block):
    resamples, sessions = 30, 50
    rng = np.random.default_rng(7)
    opens = rng.random((resamples, sessions)) < 1 / block
    starts = rng.integers(0, sessions, size=(resamples, sessions))
    got = stationary_indices(
        np.random.default_rng(7), resamples=resamples, sessions=sessions, block_sessions=block
    )
    np.testing.assert_array_equal(got, loop_indices(opens, starts, sessions))


def test_blocks_have_the_asked_mean_length_and_every_row_the_same_chance():
    resamples, sessions, block = 4000, 100, 5.0
    rows = stationary_indices(
        np.random.default_rng(0), resamples=resamples, sessions=sessions, block_sessions=block
    )
    jumps = (rows[:, 1:] != (rows[:, :-1] + 1) % sessions).mean()
    # A new block opens with probability 1/5 and lands on the next row anyway with probability 1/100.
    assert jumps == pytest.approx((1 / block) * (1 - 1 / sessions), rel=0.01)
    counts = np.bincount(rows.ravel(), minlength=sessions)
    assert np.abs(counts / counts.mean() - 1).max() < 0.12


def test_bootstrap_equals_sharpe_ratios_computed_one_by_one():
    returns = np.random.default_rng(1).normal(0.001, 0.01, (2, 60))
    got = bootstrap_sharpe(returns, resamples=25, block_sessions=4, sessions_per_year=YEAR, seed=3)
    rows = stationary_indices(np.random.default_rng(3), resamples=25, sessions=60, block_sessions=4)
    for k in range(2):
        for b in range(25):
            sample = returns[k, rows[b]]
            assert got[k, b] == pytest.approx(sample.mean() / sample.std(ddof=1) * YEAR**0.5)


def test_series_are_resampled_together():
    series = np.random.default_rng(2).normal(0.001, 0.01, 200)
    draws = bootstrap_sharpe(
        np.stack([series, 2 * series]), resamples=200, block_sessions=5, sessions_per_year=YEAR, seed=0
    )
    np.testing.assert_allclose(draws[0], draws[1])


def test_same_seed_same_draws_and_another_seed_others():
    returns = np.random.default_rng(2).normal(0.001, 0.01, (1, 200))
    one, two, other = (
        bootstrap_sharpe(returns, resamples=100, block_sessions=5, sessions_per_year=YEAR, seed=seed)
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_spread_matches_the_analytic_standard_error_for_independent_normal_returns():
    """Lo (2002): se of a per-period Sharpe ratio s of iid normal returns is sqrt((1 + s^2 / 2) / T)."""
    sessions, per_session = 1500, 0.10
    rng = np.random.default_rng(5)
    spreads = []
    for seed in range(12):
        returns = rng.normal(per_session * 0.01, 0.01, (1, sessions))
        draws = bootstrap_sharpe(returns, resamples=800, block_sessions=2, sessions_per_year=YEAR, seed=seed)
        spreads.append(draws.std())
    analytic = np.sqrt((1 + per_session**2 / 2) / sessions) * np.sqrt(YEAR)
    assert np.mean(spreads) == pytest.approx(analytic, rel=0.03)


def test_a_track_too_short_for_its_blocks_is_refused():
    with pytest.raises(PloutosError, match="40 sessions are fewer than 5 blocks of 10 sessions"):
        bootstrap_sharpe(np.zeros((1, 40)), resamples=100, block_sessions=10, sessions_per_year=YEAR, seed=0)


def test_no_sessions_at_all_are_refused():
    with pytest.raises(PloutosError, match="0 sessions"):
        bootstrap_sharpe(np.zeros((1, 0)), resamples=100, block_sessions=1, sessions_per_year=YEAR, seed=0)
