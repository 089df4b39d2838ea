"""What figures draw and tables say, against the track they come from."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ploutos.backtest.metrics import drawdown, max_drawdown
from ploutos.report import figures, tables
from ploutos.report.series import fold_spans, months, stride, thinned_minimum
from ploutos.report.text import figures as four_figures
from ploutos.report.text import number, plain
from ploutos.types import Child
from ploutos.types.session import SessionClock


@given(count=st.integers(1, 500), limit=st.integers(2, 60))
def test_thinning_keeps_both_ends_and_the_limit(count, limit):
    rows = stride(count, limit)
    assert rows[0] == 0 and rows[-1] == count - 1
    assert rows.size <= limit and (np.diff(rows) > 0).all()


@given(values=st.lists(st.floats(-1, 0), min_size=1, max_size=80), limit=st.integers(2, 10))
def test_thinning_a_drawdown_keeps_its_trough(values, limit):
    array = np.array(values)
    rows = stride(array.size, limit)
    thinned = thinned_minimum(array, rows)
    assert thinned.min() == array.min()
    for i, row in enumerate(rows):
        start = 0 if i == 0 else rows[i - 1] + 1
        assert thinned[i] == array[start : row + 1].min()


def test_equity_starts_at_100_and_ends_at_the_total_return(make_study):
    study = make_study()
    figure = figures.equity(study, points=100)
    assert {trace.name for trace in figure.data} == {"strategy", "equal_weight", "buy_and_hold"}
    ours = next(trace for trace in figure.data if trace.name == "strategy")
    equity = study.track.bars["equity"].to_numpy()
    assert ours.y[0] == 100 and ours.y[-1] == pytest.approx(100 * equity[-1] / equity[0])
    assert len(ours.y) == 100
    assert ours.line.width > max(trace.line.width for trace in figure.data if trace is not ours)
    assert [note.text for note in figure.layout.annotations] == ["fold 0", "fold 1", "fold 2"]


def test_drawn_drawdown_reaches_the_maximum_drawdown(make_study):
    study = make_study()
    figure = figures.underwater(study, points=20)
    deepest = next(min(trace.y) for trace in figure.data if trace.name == "strategy")
    equity = study.track.bars["equity"].to_numpy()
    assert deepest == pytest.approx(-100 * max_drawdown(equity)) == 100 * drawdown(equity).min()


def test_many_tickers_become_the_largest_and_the_rest_and_fill_the_whole(make_study):
    study = make_study(tickers=tuple(f"T{i:02d}" for i in range(50)))
    figure = figures.weights(study, points=40, tickers=15)
    names = [trace.name for trace in figure.data]
    assert len(names) == 17 and names[-2:] == ["35 others", "cash"]
    assert len(figure.data[0].y) == 40
    np.testing.assert_allclose(np.sum([trace.y for trace in figure.data], axis=0), 100.0)


def test_monthly_turnover_and_cost_sum_to_the_track(make_study):
    track = make_study().track
    sums = months(track, SessionClock("America/New_York"))
    assert sums.month[0] == "2021-01"  # the starting bar of 31 December trades nothing
    assert sum(sums.turnover) == pytest.approx(track.bars["turnover"].sum())
    equity, cost = (track.bars[name].to_numpy() for name in ("equity", "cost"))
    assert sum(sums.cost_pct) == pytest.approx(100 * (cost[1:] / equity[:-1]).sum())


def test_fold_spans_join_without_gap_or_overlap(make_study):
    track = make_study().track
    spans = fold_spans(track)
    growth = [bars["equity"][-1] / bars["equity"][0] for _, bars in spans]
    assert [fold for fold, _ in spans] == [0, 1, 2]
    assert np.prod(growth) == pytest.approx(track.bars["equity"][-1] / track.bars["equity"][0])


def test_fan_without_all_its_quantiles_is_not_drawn(make_study):
    study = make_study()
    assert figures.fan(study, {}, points=10) is None
    assert figures.fan(study, {"ts": ["2021-01-01T00:00:00+00:00"], "q05": [1.0]}, points=10) is None


def test_monthly_table_compounds_to_its_year(make_study):
    rows = re.findall(r"<tr>(.*?)</tr>", tables.monthly(make_study()))[1:]
    assert len(rows) == 3
    for row in rows:
        cells = re.findall(r"<td[^>]*>([^<]*)</td>", row)
        values = [float(cell.replace("\N{MINUS SIGN}", "-")) / 100 for cell in cells if cell]
        assert len(cells) == 13
        assert np.prod(1 + np.array(values[:-1])) - 1 == pytest.approx(values[-1], abs=0.002)


def test_children_table_shows_state_and_reason(make_study):
    runs = (
        Child(fold=0, seed=0, run_id="a", state="FINISHED", metrics={"test_sharpe": -1.5}),
        Child(fold=1, seed=1, run_id=None, state="KILLED", reason="signal 9"),
    )
    table = tables.children(make_study(children=runs))
    assert "\N{MINUS SIGN}1.50" in table
    assert table.count("no run") == 2 and "killed" in table
    assert "fold 1, seed 1: KILLED. signal 9" in table


def test_windows_table_shows_the_test_window_of_every_fold(make_study):
    table = tables.windows(make_study())
    assert "2022-01-01 to 2023-01-01" in table and "none" in table


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1234.5, "1,234.50"),
        (-0.001, "0.00"),
        (-1.0, "\N{MINUS SIGN}1.00"),
        (None, "n/a"),
        (float("inf"), "n/a"),
    ],
)
def test_numbers(value, shown):
    assert number(value) == shown


def test_signs_and_significant_figures():
    assert (plain(0.04, 1, sign=True), plain(1.0, 1, sign=True), plain(-1.0, 1, sign=True)) == (
        "0.0",
        "+1.0",
        "-1.0",
    )
    assert (four_figures(0.05), four_figures(-0.37512), four_figures(12345.6), four_figures(None)) == (
        "0.05",
        "-0.3751",
        "12,346",
        "n/a",
    )
