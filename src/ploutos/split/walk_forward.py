"""Walk-forward folds: train on the past, test on the window that follows, move on by one window."""

import calendar
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.types import ConfigError, Fold, NonNegativeInt, PositiveInt, Window, checked

Axis = npt.NDArray[np.int64]

# Data may end this much before a test window does: a holiday weekend, not a missing piece.
SLACK = timedelta(days=7)


class WalkForward:
    """Fold k tests on [first_test + k * test_months, + test_months) and trains on what lies before.

    Dates are midnight UTC. The validation window is the last `validation_months` before the test window;
    `embargo_bars` bars lie unused between the end of each window and the next one.
    """

    @checked
    def __init__(
        self,
        *,
        first_test: str,
        test_months: PositiveInt,
        n_folds: PositiveInt,
        train_months: PositiveInt | None,
        validation_months: NonNegativeInt,
        embargo_bars: NonNegativeInt,
        min_train_bars: PositiveInt,
    ) -> None:
        try:
            self.first_test = date.fromisoformat(first_test)
        except ValueError:
            message = f"split.first_test: '{first_test}' is not a date; write YYYY-MM-DD, such as 2022-01-01"
            raise ConfigError(message) from None
        self.test_months = test_months
        self.n_folds = n_folds
        self.train_months = train_months
        self.validation_months = validation_months
        self.embargo_bars = embargo_bars
        self.min_train_bars = min_train_bars

    def folds(self, ts: Axis, warmup_bars: int) -> tuple[Fold, ...]:
        """Return the folds over the bar closes `ts` [T], oldest first.

        Parameters
        ----------
        ts : array [T]
            Microseconds since the epoch, UTC, strictly increasing.
        warmup_bars : int
            Bars that features need before their first value. A test window must have them before it, and
            training bars count from there.

        Raises
        ------
        ConfigError
            A fold reaches outside the data, the embargo swallows a window, or too few bars are left to train.
        """
        if not len(ts):
            raise ConfigError("split: the data have no bars")
        self._check_range(ts)
        return tuple(self._fold(index, ts, warmup_bars) for index in range(self.n_folds))

    def fingerprint(self) -> dict[str, Any]:
        """Return what decides the folds, JSON-ready."""
        return {**vars(self), "split": "walk_forward", "first_test": self.first_test.isoformat()}

    def _test(self, index: int) -> Window:
        start = index * self.test_months
        return Window(
            add_months(self.first_test, start), add_months(self.first_test, start + self.test_months)
        )

    def _start(self, index: int) -> datetime | None:
        """Return the start of a fold's training window; None where it is the first bar."""
        if self.train_months is None:
            return None
        offset = index * self.test_months - self.validation_months - self.train_months
        return add_months(self.first_test, offset)

    def _check_range(self, ts: Axis) -> None:
        first, last = _time(ts[0]), _time(ts[-1])
        fits = []
        for index in range(self.n_folds):
            test, start = self._test(index), self._start(index)
            inside = first < test.start and test.end <= last + SLACK
            fits.append(inside and (start is None or first <= start + SLACK))
        if all(fits):
            return
        index = fits.index(False)
        test, start = self._test(index), self._start(index)
        train = "" if start is None else f" and trains from {start:%Y-%m-%d}"
        raise ConfigError(
            f"split: fold {index} tests {test.start:%Y-%m-%d} to {test.end:%Y-%m-%d}{train}, outside the data"
            f" ({first:%Y-%m-%d} to {last:%Y-%m-%d}); {sum(fits)} of split.n_folds={self.n_folds} folds fit"
        )

    def _fold(self, index: int, ts: Axis, warmup_bars: int) -> Fold:
        test = self._test(index)
        rows = test.rows(ts)
        self._check_embargo(index, "test", rows)
        if rows.start < warmup_bars:
            raise ConfigError(
                f"split: fold {index} tests from {test.start:%Y-%m-%d}, with {rows.start} bars before it;"
                f" features need {warmup_bars}"
            )
        held_out = rows.start
        end = self._end(ts, held_out, test.start)
        validation = Window(end, end)
        if self.validation_months:
            offset = index * self.test_months - self.validation_months
            validation = Window(add_months(self.first_test, offset), end)
            self._check_embargo(index, "validation", slice(validation.rows(ts).start, rows.start))
            held_out = validation.rows(ts).start
        start = self._start(index) or _time(ts[0])
        train = Window(start, max(start, self._end(ts, held_out, validation.start)))
        self._check_training(index, train, ts, warmup_bars)
        return Fold(index, train, validation, test, self.embargo_bars)

    def _end(self, ts: Axis, row: int, start: datetime) -> datetime:
        """Return the end of a window that is followed, after the embargo, by the one that begins at `row`."""
        if self.embargo_bars == 0:
            return start
        return _time(ts[max(row - self.embargo_bars, 0)])

    def _check_embargo(self, index: int, name: str, rows: slice) -> None:
        bars = rows.stop - rows.start
        if bars <= self.embargo_bars:
            raise ConfigError(
                f"split.embargo_bars: {self.embargo_bars} is not shorter than the {name} window of fold"
                f" {index}, which has {bars} bars"
            )

    def _check_training(self, index: int, train: Window, ts: Axis, warmup_bars: int) -> None:
        rows = train.rows(ts)
        usable = max(rows.stop - max(rows.start, warmup_bars), 0)
        if usable < self.min_train_bars:
            raise ConfigError(
                f"split.min_train_bars: fold {index} trains {train.start:%Y-%m-%d} to {train.end:%Y-%m-%d} on"
                f" {usable} bars after a warm-up of {warmup_bars}; {self.min_train_bars} are asked for"
            )


def add_months(day: date, months: int) -> datetime:
    """Return midnight UTC of `day` moved by `months`; a day that the month lacks becomes its last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9998:
        raise ConfigError(f"split: {day} moved by {months} months is no date")
    last = calendar.monthrange(year, month + 1)[1]
    return datetime(year, month + 1, min(day.day, last), tzinfo=UTC)


def _time(microseconds: np.int64) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(microseconds))
