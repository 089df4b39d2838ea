"""Policies and folds without a trade are named."""

from datetime import UTC, datetime

import polars as pl
import pytest

from ploutos.apps.idle import never_traded
from ploutos.types import Child, Fold, Study, Track, Window
from ploutos.types.session import SessionClock

DAY = datetime(2021, 1, 1, tzinfo=UTC)


def study_of(turnover_by_fold, members):
    """Return a study whose fold k turns over `turnover_by_fold[k]`; members are {(fold, seed): turnover}."""
    rows = [(k, value) for k, values in enumerate(turnover_by_fold) for value in values]
    bars = pl.DataFrame(rows, schema={"fold": pl.Int32, "turnover": pl.Float64}, orient="row")
    window = Window(DAY, DAY)
    return Study(
        name="some",
        track=Track(bars=bars, positions=pl.DataFrame()),
        baselines={},
        folds=tuple(Fold(k, window, window, window, 0) for k in range(len(turnover_by_fold))),
        children=tuple(
            Child(fold=f, seed=s, run_id="r", state="FINISHED", metrics={"test_turnover_annual": turnover})
            for (f, s), turnover in members.items()
        ),
        sessions_per_year=252.0,
        clock=SessionClock("UTC"),
    )


@pytest.mark.parametrize(
    ("turnover", "members", "told"),
    [
        ([[0.0, 0.1], [0.0, 1e-9]], {(0, 0): 3.0, (1, 0): 1e-6}, []),
        (
            [[0.0, 0.0]],
            {(0, 7): 0.0},
            [
                "the strategy never traded out of sample: all its figures are those of cash",
                "the policy never traded in the test window (fold 0 seed 7)",
            ],
        ),
        (
            [[0.0, 0.4], [0.0, 0.0], [0.2]],
            {(0, 0): 1.0, (1, 0): 0.0, (1, 1): 2.0, (2, 0): 0.0},
            [
                "the strategy never traded in 1 of 3 test windows (fold 1)",
                "2 of 4 policies never traded in the test window (fold 1 seed 0, fold 2 seed 0)",
            ],
        ),
        (
            [[0.0]] * 9,
            {(k, 0): 5.0 for k in range(9)},
            ["the strategy never traded out of sample: all its figures are those of cash"],
        ),
        (
            [[0.0]] * 8 + [[1.0]],
            {(0, k): 0.0 for k in range(8)} | {(1, 0): 1.0},
            [
                "the strategy never traded in 8 of 9 test windows (fold 0, fold 1, fold 2, fold 3,"
                " fold 4, fold 5, ...)",
                "8 of 9 policies never traded in the test window (fold 0 seed 0, fold 0 seed 1, fold 0"
                " seed 2, fold 0 seed 3, fold 0 seed 4, fold 0 seed 5, ...)",
            ],
        ),
    ],
)
def test_who_never_traded(turnover, members, told):
    assert list(never_traded(study_of(turnover, members))) == told


def test_members_of_an_older_record_are_not_guessed_at():
    study = study_of([[1.0]], {(0, 0): 0.0})
    (child,) = study.children
    other = Child(fold=0, seed=0, run_id="r", state="FINISHED", metrics=None)
    assert never_traded(study_of([[1.0]], {(0, 0): 0.0})) and child.metrics
    assert never_traded(Study(**vars(study) | {"children": (other,)})) == ()
