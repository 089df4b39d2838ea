"""Every quality rule in its place: what is asked of the bars of a source, and what is done about it."""

from typing import Any, Literal

import polars as pl

from ploutos.data.calendars.calendar import Calendar
from ploutos.data.quality.coverage import coverage
from ploutos.data.quality.duplicate import Duplicate
from ploutos.data.quality.ends_early import EndsEarly
from ploutos.data.quality.finding import Finding
from ploutos.data.quality.future import Future
from ploutos.data.quality.gap import Gap
from ploutos.data.quality.isolated import Isolated
from ploutos.data.quality.missing_key import MissingKey
from ploutos.data.quality.non_positive import NonPositive
from ploutos.data.quality.not_finite import NotFinite
from ploutos.data.quality.ohlc_inconsistent import OhlcInconsistent
from ploutos.data.quality.partial_day import PartialDay
from ploutos.data.quality.places import places
from ploutos.data.quality.spike import Spike
from ploutos.data.quality.split_mismatch import SplitMismatch
from ploutos.data.quality.stale import Stale
from ploutos.data.quality.timezone_suspicion import TimezoneSuspicion
from ploutos.data.quality.unsorted import Unsorted, is_ordered
from ploutos.data.quality.zero_volume import ZeroVolume
from ploutos.types import checked
from ploutos.types.session import SessionClock

Report = list[dict[str, Any]]
"""A list of `Finding.as_dict()`, one or more a rule, in the order of the rules."""


class Quality:
    """The rules, one setting each, and what a study does about errors.

    Frames have `ts`, `ticker`, `open`, `high`, `low`, `close`, `volume`.

    What a rule masks is removed: the ticker has no bar at that time. Whether a bar is kept depends on no
    later bar. Nothing changes without a finding that says so.

    Parameters
    ----------
    on_error : what `ploutos study` does about findings of severity error. "refuse_kept": refuse those whose
        rows stay in the data; "refuse": also those whose rows were masked, dropped or repaired; "accept":
        study all the same, and say so in the verdict. It changes no bar.
    """

    @checked
    def __init__(
        self,
        *,
        on_error: Literal["refuse_kept", "refuse", "accept"],
        missing_key: MissingKey,
        not_finite: NotFinite,
        non_positive: NonPositive,
        ohlc_inconsistent: OhlcInconsistent,
        unsorted: Unsorted,
        duplicate: Duplicate,
        timezone_suspicion: TimezoneSuspicion,
        gap: Gap,
        partial_day: PartialDay,
        ends_early: EndsEarly,
        isolated: Isolated,
        future: Future,
        zero_volume: ZeroVolume,
        stale: Stale,
        split_mismatch: SplitMismatch,
        spike: Spike,
    ) -> None:
        self.on_error = on_error
        self.missing_key = missing_key
        self.not_finite = not_finite
        self.non_positive = non_positive
        self.ohlc_inconsistent = ohlc_inconsistent
        self.unsorted = unsorted
        self.duplicate = duplicate
        self.timezone_suspicion = timezone_suspicion
        self.gap = gap
        self.partial_day = partial_day
        self.ends_early = ends_early
        self.isolated = isolated
        self.future = future
        self.zero_volume = zero_volume
        self.stale = stale
        self.split_mismatch = split_mismatch
        self.spike = spike

    def check_rows(self, frame: pl.DataFrame, *, file: str) -> tuple[pl.DataFrame, Report]:
        """Judge rows as read, each by itself and by its key; `ts` may be a date or a time of any zone.

        Returns the rows that stay, sorted by (ticker, ts), unique, and the report. Raises `DataError` where
        a rule refuses; it names `file`.
        """
        found: list[Finding] = []
        for rule in (
            self.missing_key,
            self.not_finite,
            self.non_positive,
            self.ohlc_inconsistent,
            self.unsorted,
        ):
            frame, finding = rule.apply(frame, file=file)
            found.append(finding)
        frame, findings = self.duplicate.apply(frame, file=file)
        return frame, [finding.as_dict() for finding in (*found, *findings)]

    def check_zone(
        self,
        frame: pl.DataFrame,
        sessions: pl.DataFrame,
        *,
        bar_minutes: int | None,
        label: Literal["open", "close"],
        input_timezone: str,
        file: str,
    ) -> Report:
        """Judge the zone of the times of all bars, also those outside the sessions; dates have none.

        `ts` marks the end of a bar that `label` says. `sessions` reaches a day beyond the frame.
        """
        if bar_minutes is None or not isinstance(frame.schema["ts"], pl.Datetime) or sessions.is_empty():
            return []
        finding = self.timezone_suspicion.apply(
            frame,
            sessions,
            bar_minutes=bar_minutes,
            label=label,
            input_timezone=input_timezone,
            file=file,
        )
        return [finding.as_dict()]

    def check_series(
        self,
        frame: pl.DataFrame,
        sessions: pl.DataFrame,
        *,
        bar_minutes: int | None,
        file: str,
        splits: pl.DataFrame | None = None,
    ) -> tuple[pl.DataFrame, Report]:
        """Judge each ticker's series against the calendar and against its own past.

        Parameters
        ----------
        frame : passed `check_rows`; `ts` (Datetime[us, UTC]) closes the bar; sorted by (ticker, ts).
        sessions : every session of the frame's span: `session` (Date), `open`, `close` (Datetime[us, UTC]).
        bar_minutes : length of a bar; None: one bar a session.
        splits : `ticker`, `ts`, `split` as in `Bars.actions`, of raw prices; these jumps are expected.
        """
        if not is_ordered(frame):
            raise ValueError("check_series: the frame is not sorted by (ticker, ts)")
        if frame.is_empty():
            return frame, []
        placed = places(frame, sessions)
        found = [rule.apply(placed, file=file) for rule in (self.gap, self.ends_early, self.isolated)]
        found.append(self.future.apply(frame, file=file))
        if bar_minutes is not None:
            found.append(self.partial_day.apply(placed, bar_minutes=bar_minutes, file=file))
        found += self.split_mismatch.apply(frame, placed, file=file, splits=splits)
        for rule in (self.zero_volume, self.stale):
            frame, finding = rule.apply(frame, file=file)
            found.append(finding)
        frame, findings = self.spike.apply(frame, file=file, splits=splits)
        return frame, [finding.as_dict() for finding in (*found, *findings)]

    def fingerprint(self) -> dict[str, Any]:
        """Return every rule's settings, JSON-ready; `on_error` changes no bar."""
        return {name: dict(vars(rule)) for name, rule in vars(self).items() if name != "on_error"}


def quality_report(
    rules: Report, *, rows_read: int, kept: pl.DataFrame, calendar: Calendar, clock: SessionClock
) -> dict[str, Any]:
    """Return the whole report, JSON-ready: `rows_read`, `rows_kept`, `tickers`, `rules`, `coverage`."""
    return {
        "rows_read": rows_read,
        "rows_kept": kept.height,
        "tickers": kept["ticker"].n_unique(),
        "rules": rules,
        "coverage": coverage(kept, calendar, clock),
    }
