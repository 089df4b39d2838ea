"""What happens to the rows of every source: from canonical rows to `Bars`, stage by stage."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import polars as pl
from pydantic import Field

from ploutos.data.calendars.calendar import Calendar, session_clock
from ploutos.data.corporate.actions import Actions
from ploutos.data.corporate.dated import attach
from ploutos.data.corporate.delisting import infer_delistings
from ploutos.data.labels import label_bars
from ploutos.data.quality.quality import Quality, quality_report
from ploutos.data.resample import check_divides, resample
from ploutos.data.row_actions import row_actions
from ploutos.data.spacing import check_spacing
from ploutos.types import Bars, DataError, PositiveInt
from ploutos.types.bars import BAR_COLUMNS, no_delistings
from ploutos.types.session import SessionClock

SLACK = timedelta(days=2)  # sessions looked up around the bars

ResampleMinutes = PositiveInt | Literal["session"] | None
DelistingReturn = Annotated[float, Field(ge=-1, allow_inf_nan=False)]


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """Settings of the stages; they run in the order of the fields.

    Attributes
    ----------
    quality : rules.
    label, bar_minutes, input_timezone, partial_bars, calendar : see `label_bars`.
    actions : how splits and dividends are known.
    resample_minutes, resample_anchor : see `resample`; None: bars stay as they are; "session": one a session.
    delisted_after_sessions, delisting_return : see `infer_delistings`.
    """

    quality: Quality
    label: Literal["open", "close"]
    bar_minutes: int | None
    input_timezone: str
    partial_bars: Literal["drop", "clip"]
    calendar: Calendar
    actions: Actions
    resample_minutes: ResampleMinutes
    resample_anchor: Literal["clock", "open"]
    delisted_after_sessions: int | None
    delisting_return: DelistingReturn

    def __post_init__(self) -> None:
        check_divides(self.resample_minutes, self.bar_minutes)

    @property
    def clock(self) -> SessionClock:
        """Dates the sessions."""
        return session_clock(self.calendar)

    def bars(
        self,
        raw: pl.DataFrame,
        *,
        file: str | Path,
        told: dict[str, Any],
        delistings: pl.DataFrame | None = None,
        dated_actions: pl.DataFrame | None = None,
    ) -> Bars:
        """Return the bars of canonical rows (see `columns.canonical`).

        Parameters
        ----------
        file : named in errors.
        told : what the source says of its reading, for the report.
        delistings : `ticker`, `ts` (null: its last bar), `delisting_return`; wins over what bars suggest.
        dated_actions : splits and dividends that do not stand in the rows, see `dated.attach`; None takes
            those of the rows. As columns of the bars they are there for `actions`.

        Raises
        ------
        DataError
            A rule refuses, or nothing is left.
        """
        with _named(file):
            if dated_actions is None:
                dated_actions = row_actions(
                    raw,
                    label=self.label,
                    bar_minutes=self.bar_minutes,
                    input_timezone=self.input_timezone,
                    calendar=self.calendar,
                )
            return self._bars(raw, str(file), told, delistings, dated_actions)

    def _bars(
        self,
        raw: pl.DataFrame,
        where: str,
        told: dict[str, Any],
        delistings: pl.DataFrame | None,
        dated_actions: pl.DataFrame | None,
    ) -> Bars:
        frame, rules = self.quality.check_rows(raw, file=where)
        if frame.is_empty():
            raise DataError(f"{where}: no row passes the quality rules; see data.quality")
        check_spacing(frame, self.bar_minutes, file=where)
        rules += self.quality.check_zone(
            frame,
            self._sessions(frame),
            bar_minutes=self.bar_minutes,
            label=self.label,
            input_timezone=self.input_timezone,
            file=where,
        )
        frame, labels = label_bars(
            frame,
            label=self.label,
            bar_minutes=self.bar_minutes,
            input_timezone=self.input_timezone,
            calendar=self.calendar,
            partial_bars=self.partial_bars,
        )
        if frame.is_empty():
            raise DataError(f"{where}: none of its {raw.height} rows lies within a session of the calendar")
        if dated_actions is not None:
            frame = frame.drop("split", "dividend", strict=False)
            frame = attach(frame, dated_actions, self.clock)
        frame, actions, told_actions = self.actions.apply(frame, self.calendar)
        frame, more = self.quality.check_series(
            frame, self._sessions(frame), bar_minutes=self.bar_minutes, file=where, splits=actions
        )
        if frame.is_empty():
            raise DataError(f"{where}: no bar passes the quality rules; see data.quality")
        told = told | labels | {"actions": told_actions}
        if self.resample_minutes is not None:
            minutes = None if self.resample_minutes == "session" else self.resample_minutes
            frame, told["resampling"] = resample(
                frame,
                minutes=minutes,
                anchor=self.resample_anchor,
                calendar=self.calendar,
                bar_minutes=self.bar_minutes,
            )
        gone, told["delistings"] = infer_delistings(
            frame,
            frame["ts"].max(),  # type: ignore[arg-type]
            calendar=self.calendar,
            after_sessions=self.delisted_after_sessions,
            delisting_return=self.delisting_return,
            explicit=no_delistings() if delistings is None else delistings,
        )
        frame = frame.select(BAR_COLUMNS)
        rows_read = raw.height + int(told.get("rows_other_tickers", 0))
        return Bars(
            frame=frame,
            actions=actions,
            delistings=gone,
            quality=told
            | quality_report(
                rules + more, rows_read=rows_read, kept=frame, calendar=self.calendar, clock=self.clock
            ),
        )

    def having(self, *, bar_minutes: int | None) -> "Preparation":
        """Return the same settings with another length of the bars."""
        return replace(self, bar_minutes=bar_minutes)

    def fingerprint(self) -> dict[str, Any]:
        """Return what decides the bars besides the rows, JSON-ready."""
        settings = dict(vars(self))
        for name in ("quality", "calendar", "actions"):
            settings[name] = settings[name].fingerprint()
        return settings

    def _sessions(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the calendar's sessions around the times of `frame`."""
        days = frame["ts"].drop_nulls().dt.date()
        first, last = days.min(), days.max()
        if not isinstance(first, date) or not isinstance(last, date):
            return self.calendar.sessions(date(2000, 1, 3), date(2000, 1, 3)).clear()
        return self.calendar.sessions(first - SLACK, last + SLACK)


@contextmanager
def _named(file: str | Path) -> Iterator[None]:
    """Name the file in errors of stages that do not know it."""
    try:
        yield
    except DataError as error:
        if str(file) in str(error):
            raise
        raise DataError(f"{file}: {error}") from error
