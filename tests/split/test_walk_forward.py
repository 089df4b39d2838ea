"""Walk-forward folds: by hand, as properties on random calendars, and the errors."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra.utils import execution_whitelist, instantiate
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf
from pydantic import ValidationError

from ploutos.split.walk_forward import WalkForward, add_months
from ploutos.types import ConfigError, Window


def axis(first: datetime, days: int, keep: float = 1.0, seed: int = 0) -> np.ndarray:
    """Three bars on each weekday that is kept."""
    rng = np.random.default_rng(seed)
    dates = [first + timedelta(days=d) for d in range(days)]
    open_days = [d for d in dates if d.weekday() < 5 and rng.random() < keep]
    return np.array(
        [round((d + timedelta(hours=h)).timestamp() * 1e6) for d in open_days for h in (16, 18, 20)]
    )


def splitter(**changes: Any) -> WalkForward:
    settings = {
        "first_test": "2021-01-01",
        "test_months": 12,
        "n_folds": 3,
        "train_months": None,
        "validation_months": 3,
        "embargo_bars": 5,
        "min_train_bars": 100,
    }
    return WalkForward(**(settings | changes))


DATA = axis(datetime(2018, 1, 1, tzinfo=UTC), 6 * 366)


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def until(text: str) -> np.ndarray:
    return DATA[: np.searchsorted(DATA, day(text).timestamp() * 1e6)]


def test_folds_by_hand() -> None:
    folds = splitter().folds(DATA, 120)
    assert [f.index for f in folds] == [0, 1, 2]
    assert [f.test for f in folds] == [
        Window(day(f"{y}-01-01"), day(f"{y + 1}-01-01")) for y in (2021, 2022, 2023)
    ]
    assert [f.validation.start for f in folds] == [day(f"{y}-10-01") for y in (2020, 2021, 2022)]
    for fold in folds:
        train, validation, test = (w.rows(DATA) for w in (fold.train, fold.validation, fold.test))
        assert train.start == 0
        assert DATA[validation.start] >= fold.validation.start.timestamp() * 1e6 > DATA[validation.start - 1]
        assert validation.start - train.stop == 5
        assert test.start - validation.stop == 5


def test_rolling_training_window() -> None:
    folds = splitter(train_months=24, validation_months=0, n_folds=2).folds(DATA, 10)
    assert [f.train.start for f in folds] == [day("2019-01-01"), day("2020-01-01")]
    for fold in folds:
        assert fold.validation.start == fold.validation.end == fold.train.end
        assert fold.test.rows(DATA).start - fold.train.rows(DATA).stop == 5


def test_no_embargo_leaves_no_bar_out() -> None:
    for fold in splitter(embargo_bars=0).folds(DATA, 10):
        train, validation, test = (w.rows(DATA) for w in (fold.train, fold.validation, fold.test))
        assert train.stop == validation.start
        assert validation.stop == test.start


@settings(max_examples=120, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    keep=st.floats(0.3, 1.0),
    first=st.dates(min_value=day("2020-01-01").date(), max_value=day("2021-12-31").date()),
    test_months=st.integers(1, 9),
    n_folds=st.integers(1, 6),
    train_months=st.none() | st.integers(3, 18),
    validation_months=st.integers(0, 5),
    embargo_bars=st.integers(0, 30),
    warmup_bars=st.integers(0, 200),
)
def test_folds_never_overlap(seed: int, keep: float, first: Any, warmup_bars: int, **rest: Any) -> None:
    """Traps 1 and 2: every fold has other training rows, an own test period and history before it."""
    ts = axis(datetime(2018, 1, 1, tzinfo=UTC), 6 * 366, keep, seed)
    try:
        folds = splitter(first_test=first.isoformat(), min_train_bars=20, **rest).folds(ts, warmup_bars)
    except ConfigError:
        assume(False)
    embargo, trained, tested = rest["embargo_bars"], set(), []
    for fold in folds:
        train, validation, test = (w.rows(ts) for w in (fold.train, fold.validation, fold.test))
        assert train.start < train.stop <= validation.start <= validation.stop <= test.start < test.stop
        assert fold.train.end <= fold.validation.start <= fold.validation.end <= fold.test.start
        if rest["validation_months"]:
            assert validation.stop > validation.start
            assert validation.start - train.stop == embargo
        else:
            assert validation.stop == validation.start
        assert test.start - max(validation.stop, train.stop) == embargo
        assert test.start >= warmup_bars
        assert train.stop - max(train.start, warmup_bars) >= 20
        trained.add((train.start, train.stop))
        tested.extend(range(test.start, test.stop))
    assert len(trained) == len(folds)
    assert tested == list(range(tested[0], tested[-1] + 1))


def test_an_added_month_that_lacks_the_day_ends_early() -> None:
    start = day("2024-01-31").date()
    assert [add_months(start, k) for k in (1, 2, -2, 13)] == [
        day("2024-02-29"),
        day("2024-03-31"),
        day("2023-11-30"),
        day("2025-02-28"),
    ]


def test_a_last_window_may_lack_a_few_days_but_not_weeks() -> None:
    splitter().folds(until("2023-12-28"), 120)
    with pytest.raises(ConfigError, match=r"2 of split\.n_folds=3 folds fit"):
        splitter().folds(until("2023-12-10"), 120)


@pytest.mark.parametrize(
    ("changes", "warmup", "message"),
    [
        ({"first_test": "2021-13-01"}, 0, r"split\.first_test: '2021-13-01' is not a date"),
        ({"first_test": "soon"}, 0, r"split\.first_test: 'soon' is not a date"),
        (
            {"n_folds": 5},
            0,
            r"fold 3 tests 2024-01-01 to 2025-01-01, outside the data \(2018-01-01 to 2024-01-05\);"
            r" 3 of split\.n_folds=5 folds fit",
        ),
        ({"first_test": "2017-01-01"}, 0, "fold 0 tests 2017-01-01 to 2018-01-01, outside the data"),
        ({"train_months": 40}, 0, "fold 0 tests .* and trains from 2017-06-01, outside the data"),
        (
            {"embargo_bars": 900},
            0,
            r"embargo_bars: 900 is not shorter than the test window of fold 0, .* 783 bars",
        ),
        (
            {"embargo_bars": 200},
            0,
            r"embargo_bars: 200 is not shorter than the validation window of fold 0, .* 198",
        ),
        (
            {"min_train_bars": 3000},
            100,
            "fold 0 trains 2018-01-01 to .* on 2049 bars after a warm-up of 100; 3000",
        ),
        ({"validation_months": 40}, 0, "min_train_bars: fold 0 trains"),
        ({}, 2500, "fold 0 tests from 2021-01-01, with 2352 bars before it; features need 2500"),
    ],
)
def test_errors_tell_the_numbers(changes: dict[str, Any], warmup: int, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as error:
        splitter(**changes).folds(DATA, warmup)
    assert "\n" not in str(error.value)


def test_values_out_of_range() -> None:
    for changes in ({"n_folds": 0}, {"embargo_bars": -1}, {"test_months": 0}, {"folds": 3}):
        with pytest.raises(ValidationError):
            splitter(**changes)
    with pytest.raises(ConfigError, match="no bars"):
        splitter().folds(DATA[:0], 0)


def test_shipped_config() -> None:
    config = OmegaConf.load(Path(__file__).parents[2] / "conf/split/walk_forward.yaml")
    with execution_whitelist("ploutos.*"):
        assert isinstance(instantiate(config), WalkForward)
