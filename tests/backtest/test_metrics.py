"""Figures of a track against arithmetic by hand, and what must not change them."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ploutos.backtest import metrics
from ploutos.types import PloutosError, Track
from ploutos.types.session import SessionClock

NEW_YORK = SessionClock("America/New_York")


def bars_of(ts, equity, *, turnover=None, cost=None, gross=None):
    size = len(ts)
    zeros = [0.0] * size
    return pl.DataFrame(
        {
            "ts": ts,
            "fold": [0] * size,
            "equity": np.asarray(equity, dtype=float),
            "cash": zeros,
            "cost": cost or zeros,
            "turnover": turnover or zeros,
            "gross": gross or zeros,
        },
        schema_overrides={"ts": pl.Datetime("us", "UTC"), "fold": pl.Int32},
    )


def daily(equity, start=datetime(2021, 1, 4, 21, tzinfo=UTC), **columns):
    return bars_of([start + timedelta(days=i) for i in range(len(equity))], equity, **columns)


def track_of(bars):
    return Track(bars=bars, positions=pl.DataFrame())


def test_sessions_are_local_dates_and_the_starting_bar_is_their_base():
    ts = [
        datetime(2020, 12, 31, 21, tzinfo=UTC),  # starting bar, 16:00 in New York
        datetime(2021, 1, 4, 15, tzinfo=UTC),
        datetime(2021, 1, 5, 1, tzinfo=UTC),  # still 4 January in New York
        datetime(2021, 1, 5, 15, tzinfo=UTC),
    ]
    dates, returns = metrics.session_returns(bars_of(ts, [100, 90, 110, 99]), NEW_YORK)
    assert [str(date) for date in dates] == ["2021-01-04", "2021-01-05"]
    np.testing.assert_allclose(returns, [0.10, -0.10])


def test_a_starting_bar_inside_a_session_leaves_the_rest_of_that_session():
    ts = [datetime(2021, 1, 4, hour, tzinfo=UTC) for hour in (15, 16, 17)]
    dates, returns = metrics.session_returns(bars_of(ts, [100, 105, 102]), NEW_YORK)
    assert dates.size == 1
    np.testing.assert_allclose(returns, [0.02])


def test_a_track_of_one_bar_has_no_session_and_no_skill():
    values = metrics.summary(track_of(daily([100.0])), 252.0, NEW_YORK)
    assert values["sessions"] == 0
    assert all(values[key] == 0.0 for key in values)


def test_sharpe_sortino_and_volatility_by_hand():
    returns = np.array([0.01, -0.02, 0.03, 0.02])
    # mean 0.01; squared deviations 0, 9e-4, 4e-4, 1e-4 sum to 14e-4; variance 14e-4 / 3.
    deviation = (14e-4 / 3) ** 0.5
    assert metrics.sharpe(returns, 256.0) == pytest.approx(0.01 / deviation * 16)
    assert metrics.vol_annual(returns, 256.0) == pytest.approx(deviation * 16)
    # downside: sqrt(4e-4 / 4) = 0.01.
    assert metrics.sortino(returns, 256.0) == pytest.approx(16.0)


@pytest.mark.parametrize("returns", [[], [0.5], [0.001] * 30, [0.0] * 30])
def test_what_has_no_variance_has_a_sharpe_ratio_of_zero(returns):
    assert metrics.sharpe(np.array(returns), 252.0) == 0.0


def test_sortino_of_a_series_that_never_loses_is_zero():
    assert metrics.sortino(np.array([0.01, 0.02, 0.0]), 252.0) == 0.0


def test_annual_return_is_geometric_and_uses_the_calendar_of_the_panel():
    returns = np.array([0.10, 0.10, -0.50, 1.00])
    # Four sessions at two a year are two years: (1.1 x 1.1 x 0.5 x 2)^(1/2) - 1 = 0.1.
    assert metrics.annual_return(returns, 2.0) == pytest.approx(0.10)


def test_max_drawdown_by_hand_sees_every_bar():
    assert metrics.max_drawdown(np.array([100.0, 120, 90, 110, 130, 104])) == pytest.approx(0.25)
    # Within one session: 100 -> 70 -> 100 is no session loss but a drawdown of 30 %.
    ts = [datetime(2021, 1, 4, hour, tzinfo=UTC) for hour in (15, 16, 17)]
    values = metrics.summary(track_of(bars_of(ts, [100, 70, 100])), 252.0, NEW_YORK)
    assert values["max_drawdown_pct"] == pytest.approx(30.0)
    assert values["total_return_pct"] == pytest.approx(0.0)


def test_years_and_months_compound_and_a_december_close_belongs_to_the_old_year():
    ts = [
        datetime(2020, 12, 30, 21, tzinfo=UTC),
        datetime(2021, 1, 1, 2, tzinfo=UTC),  # 31 December 2020, 21:00 in New York
        datetime(2021, 1, 4, 21, tzinfo=UTC),
        datetime(2021, 1, 5, 21, tzinfo=UTC),
        datetime(2021, 2, 1, 21, tzinfo=UTC),
    ]
    dates, returns = metrics.session_returns(bars_of(ts, [100, 110, 121, 133.1, 66.55]), NEW_YORK)
    assert metrics.yearly_returns(dates, returns) == pytest.approx({2020: 0.10, 2021: -0.395})
    assert metrics.monthly_returns(dates, returns) == pytest.approx(
        {(2020, 12): 0.10, (2021, 1): 0.21, (2021, 2): -0.5}
    )
    assert metrics.yearly_sessions(dates) == {2020: 1, 2021: 3}


def test_turnover_cost_and_exposure_by_hand():
    bars = daily(
        [100, 100, 50, 50, 50],
        turnover=[0.0, 0.5, 0.5, 0.0, 1.0],
        cost=[0.0, 1.0, 1.0, 0.0, 1.0],
        gross=[0.0, 0.5, 1.0, 1.0, 0.5],
    )
    values = metrics.summary(track_of(bars), 2.0, NEW_YORK)  # four sessions: two years
    assert values["years"] == 2.0
    assert values["turnover_annual"] == pytest.approx(1.0)
    assert values["cost_annual_pct"] == pytest.approx(100 * (0.01 + 0.01 + 0.02) / 2)
    assert values["gross_mean"] == pytest.approx(0.75)


def test_ruin_is_absorbing():
    _, returns = metrics.session_returns(daily([100, 50, -10, 40, 80]), NEW_YORK)
    np.testing.assert_array_equal(returns, [-0.5, -1.0, 0.0, 0.0])
    assert metrics.max_drawdown(np.array([100.0, 50, -10, 40])) == 1.0


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_equity_that_is_not_finite_is_refused_with_its_time(value):
    with pytest.raises(PloutosError, match="2021-01-05"):
        metrics.session_returns(daily([100, value, 100]), NEW_YORK)


@pytest.mark.parametrize("sessions", [0.0, -1.0, float("nan")])
def test_a_calendar_without_sessions_is_refused(sessions):
    with pytest.raises(PloutosError, match="sessions_per_year"):
        metrics.sharpe(np.array([0.1, 0.2]), sessions)


def test_equity_hash_tells_a_single_bit():
    equity = np.array([100.0, 101.0, 102.0])
    nudged = np.array([100.0, 101.0, np.nextafter(102.0, 103.0)])
    digest = metrics.equity_sha256(track_of(daily(equity)))
    assert digest == metrics.equity_sha256(track_of(daily(equity.copy())))
    assert digest != metrics.equity_sha256(track_of(daily(nudged)))


RETURNS = st.lists(st.floats(-0.2, 0.2), min_size=2, max_size=40)


@settings(max_examples=60, deadline=None)
@given(returns=RETURNS, scale=st.floats(1e-3, 1e6))
def test_scaling_equity_leaves_the_figures_unchanged(returns, scale):
    equity = 100 * np.cumprod(1 + np.array([0.0, *np.round(returns, 4)]))
    before = metrics.summary(track_of(daily(equity)), 252.0, NEW_YORK)
    after = metrics.summary(track_of(daily(equity * scale)), 252.0, NEW_YORK)
    for key in ("max_drawdown_pct", "vol_annual_pct", "total_return_pct", "years"):
        assert after[key] == pytest.approx(before[key], rel=1e-6, abs=1e-8)
    if before["vol_annual_pct"] > 1e-3:
        assert after["sharpe"] == pytest.approx(before["sharpe"], rel=1e-5, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(equity=st.lists(st.floats(-1e3, 1e6), min_size=1, max_size=60))
def test_drawdown_stays_between_zero_and_all_of_it(equity):
    values = np.array([100.0, *equity])
    assert 0.0 <= metrics.max_drawdown(values) <= 1.0


@settings(max_examples=60, deadline=None)
@given(returns=RETURNS)
def test_years_compound_to_the_total(returns):
    start = datetime(2020, 12, 15, 21, tzinfo=UTC)
    bars = daily(100 * np.cumprod(1 + np.array([0.0, *returns])), start)
    dates, by_session = metrics.session_returns(bars, NEW_YORK)
    total = bars["equity"][-1] / 100 - 1
    for table in (metrics.yearly_returns, metrics.monthly_returns):
        growth = np.prod([1 + value for value in table(dates, by_session).values()])
        assert growth - 1 == pytest.approx(total)
