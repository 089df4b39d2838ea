"""Targets against series whose figures are known beforehand."""

from dataclasses import replace

import numpy as np
import pytest

from ploutos.validation.targets import Targets

YEAR = 261


def targets(**changed):
    keys = {"min_sharpe": 2.0, "max_drawdown_pct": 15.0, "min_years": 3, "min_year_share": 0.8}
    return Targets(**keys | changed)


def by_name(checks):
    return {check.name: check for check in checks}


def steady(years, *, daily=0.001, wobble=0.002):
    """Return alternating daily + wobble, daily - wobble over whole weekday years from 2021."""
    days = np.busday_count("2021-01-01", f"{2021 + years}-01-01")
    return daily + wobble * np.where(np.arange(days) % 2 == 0, 1.0, -1.0)


def test_a_steady_gain_over_three_years_meets_all_targets(make_study):
    checks = by_name(targets()(make_study(steady(3), start="2021-01-01")))
    assert all(check.passed and check.gate for check in checks.values())
    # mean 0.001, deviation 0.002: 0.5 x sqrt(261) = 8.08.
    assert checks["target_sharpe"].value == pytest.approx(0.5 * np.sqrt(YEAR), rel=1e-2)
    assert checks["target_years"].value == 3
    assert list(checks["target_years"].evidence["return_pct"]) == ["2021", "2022", "2023"]


def test_a_value_at_the_limit_fails(make_study):
    returns = np.array([0.0, -0.5, 0.0])
    drawdown = by_name(targets(max_drawdown_pct=50.0)(make_study(returns)))["target_max_drawdown"]
    assert drawdown.value == pytest.approx(50.0) and not drawdown.passed


def test_one_losing_year_among_many_fails(make_study):
    returns = steady(4)
    second = slice(np.busday_count("2021-01-01", "2022-01-01"), np.busday_count("2021-01-01", "2023-01-01"))
    returns[second] -= 0.0015
    check = by_name(targets()(make_study(returns, start="2021-01-01")))["target_years"]
    assert (check.passed, check.value, check.threshold) == (False, 3.0, 4.0)


def test_too_few_years_fail_however_profitable(make_study):
    check = by_name(targets()(make_study(steady(2), start="2021-01-01")))["target_years"]
    assert (check.passed, check.value, check.threshold) == (False, 2.0, 3.0)


def test_a_piece_of_a_year_counts_neither_for_nor_against(make_study):
    lossy_tail = np.concatenate([steady(3), np.full(100, -0.0001)])
    check = by_name(targets()(make_study(lossy_tail, start="2021-01-01")))["target_years"]
    assert check.passed and check.evidence["full_years"] == [2021, 2022, 2023]
    assert check.evidence["return_pct"]["2024"] < 0
    gaining_tail = np.concatenate([steady(2), np.full(100, 0.001)])
    check = by_name(targets()(make_study(gaining_tail, start="2021-01-01")))["target_years"]
    assert not check.passed


def test_cash_fails_sharpe_and_years(make_study):
    checks = by_name(targets()(make_study(np.zeros(3 * YEAR))))
    assert not checks["target_sharpe"].passed and not checks["target_years"].passed


def counted(make_study, days, calendar, share):
    """Return the evidence on a study of `days` weekdays from 2021 on, with the calendar's sessions a year."""
    study = replace(make_study(steady(3)[:days], start="2021-01-01"), calendar_sessions=calendar)
    return by_name(targets(min_year_share=share)(study))["target_years"].evidence


def test_a_year_is_full_by_the_sessions_that_the_calendar_has_in_it(make_study):
    """259 weekdays follow the start in 2021: all of a calendar of 259, too few for one of 365."""
    days = np.busday_count("2021-01-01", "2022-01-01") - 1
    exact = counted(make_study, days, {2021: int(days)}, 1.0)
    assert exact["full_years"] == [2021] and exact["calendar_sessions"] == {"2021": days}
    assert counted(make_study, days, {2021: int(days) + 1}, 1.0)["full_years"] == []
    assert counted(make_study, days, {2021: 365}, 0.8)["full_years"] == []
    assert counted(make_study, days // 2 + 1, {2021: int(days)}, 0.5)["full_years"] == [2021]


def test_a_ratio_of_returns_that_only_rounding_varies_is_noted(make_study):
    wobble = np.where(np.arange(3 * YEAR) % 2 == 0, 1e-12, -1e-12)
    check = by_name(targets()(make_study(0.001 + wobble)))["target_sharpe"]
    assert check.value == 0.0 and not check.passed
    assert "no more than rounding" in check.summary
    check = by_name(targets()(make_study(steady(3))))["target_sharpe"]
    assert check.value > 0 and "rounding" not in check.summary
