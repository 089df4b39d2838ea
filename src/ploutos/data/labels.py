"""Bars labelled by their close time in UTC, and only those of the session.

Frames have the columns `ts` and `ticker`; all others are carried along.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.data.calendars.calendar import EPOCH, Calendar, microseconds, session_clock, sessions_between
from ploutos.data.daily_labels import daily_dates, label_daily
from ploutos.types import DataError

MINUTE_US = 60_000_000
Times = npt.NDArray[np.int64]


def label_bars(
    frame: pl.DataFrame,
    *,
    label: Literal["open", "close"],
    bar_minutes: int | None,
    input_timezone: str,
    calendar: Calendar,
    partial_bars: Literal["drop", "clip"],
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return the bars of the calendar's sessions, labelled by their close, and the counts of the rest.

    Parameters
    ----------
    frame : `ts` (Date, naive or zoned Datetime), `ticker`, ...
    label : which end of the bar `ts` marks.
    bar_minutes : length of a bar; None: one bar a session, whose `ts` names the session's date.
    input_timezone : zone of times that carry none.
    calendar : the sessions.
    partial_bars : what to do with a bar that reaches beyond its session. "drop": the file holds extended
        hours, such a bar mixes both. "clip": the file holds the session only, the bar is shorter than it
        seems; of US hourly bars that of 09:00 lasts from 09:30 to 10:00.

    Returns
    -------
    bars : `ts` is Datetime[us, UTC], the close time; sorted by (ticker, ts), unique.
    told : `rows_outside_session`, dropped; `rows_mixed_bar`, partial and dropped (under "clip" those that
        reach into two sessions); `rows_clipped`, partial and kept; `rows_no_session`, daily rows on other
        dates, dropped; `rows_impossible_time`, no time, or a wall time that does not exist or occurs
        twice within sessions, dropped.

    Raises
    ------
    DataError
        Dates where `bar_minutes` asks for times, or two bars of a ticker with one label.
    """
    told = dict.fromkeys(
        (
            "rows_outside_session",
            "rows_mixed_bar",
            "rows_clipped",
            "rows_no_session",
            "rows_impossible_time",
        ),
        0,
    )
    if frame.is_empty():
        return frame.with_columns(pl.col("ts").cast(pl.Datetime("us", "UTC"))), told
    if bar_minutes is None:
        labelled, counts = label_daily(frame, label=label, input_timezone=input_timezone, calendar=calendar)
    else:
        length = bar_minutes * MINUTE_US
        labelled, counts = _label_intraday(frame, label, length, input_timezone, calendar, partial_bars)
    ordered = labelled.sort("ticker", "ts", maintain_order=True)
    _refuse_collisions(ordered)
    return ordered, told | counts


def session_dates(
    ts: pl.Series,
    *,
    label: Literal["open", "close"],
    bar_minutes: int | None,
    input_timezone: str,
    calendar: Calendar,
) -> pl.Series:
    """Return the session date of each row, whether or not it lies within a session; null without a time."""
    if bar_minutes is None:
        return daily_dates(ts, label, input_timezone, calendar)[0]
    first, _, exists = _instants(ts, input_timezone)
    closes = first + (bar_minutes * MINUTE_US if label == "open" else 0)
    dates = pl.Series(session_clock(calendar).dates(closes)).cast(pl.Date)
    return dates.set(~pl.Series(exists), None)


def _label_intraday(
    frame: pl.DataFrame,
    label: str,
    length: int,
    input_timezone: str,
    calendar: Calendar,
    partial_bars: str,
) -> tuple[pl.DataFrame, dict[str, int]]:
    first, second, exists = _instants(frame["ts"], input_timezone)
    if not exists.any():
        return _at(frame.clear(), np.empty(0, np.int64)), {"rows_impossible_time": frame.height}
    to_close = length if label == "open" else 0
    first, second = first + to_close, second + to_close
    earliest, latest = int(first[exists].min()) - length, int(second[exists].max())
    sessions = _Sessions(calendar, earliest, latest)
    place, close = sessions.place(first, length)
    unclear = exists & (first != second)
    if unclear.any():
        place, close, unclear = _settled(sessions, place, close, second, unclear, length)
    impossible = ~exists | unclear
    clip = partial_bars == "clip"
    partial = (place == PARTIAL) & ~impossible
    kept = ~impossible & ((place == INSIDE) | (partial & clip))
    counts = {
        "rows_impossible_time": int(impossible.sum()),
        "rows_outside_session": int(((place == OUTSIDE) & ~impossible).sum()),
        "rows_mixed_bar": int(((place == MIXED) & ~impossible).sum()) + (0 if clip else int(partial.sum())),
        "rows_clipped": int(partial.sum()) if clip else 0,
    }
    return _at(frame.filter(kept), close[kept]), counts


INSIDE, PARTIAL, MIXED, OUTSIDE = range(4)
"""Where a bar lies: within one session, reaching beyond one, touching two, in none."""


class _Sessions:
    """Finds the session of many bars at once."""

    def __init__(self, calendar: Calendar, first_us: int, last_us: int) -> None:
        table = sessions_between(calendar, first_us, last_us)
        never = np.iinfo(np.int64).min
        self.open = np.concatenate([[never], microseconds(table["open"])])
        self.close = np.concatenate([[never], microseconds(table["close"])])

    def place(self, end: Times, length: int) -> tuple[npt.NDArray[np.int8], Times]:
        """Return where the bars (end - length, end] lie, and their close times within the session."""
        start = end - length
        last = np.searchsorted(self.open, end, side="left") - 1  # the last session that opens before the end
        opened, closed = self.open[last], self.close[last]
        before = self.close[np.maximum(last - 1, 0)]
        inside = (start >= opened) & (end <= closed)
        outside = start >= closed
        mixed = (start < before) & ~outside & ~inside
        place = np.select([inside, outside, mixed], [INSIDE, OUTSIDE, MIXED], PARTIAL).astype(np.int8)
        return place, np.minimum(end, closed)


def _settled(
    sessions: _Sessions,
    place: npt.NDArray[np.int8],
    close: Times,
    second: Times,
    unclear: npt.NDArray[np.bool_],
    length: int,
) -> tuple[npt.NDArray[np.int8], Times, npt.NDArray[np.bool_]]:
    """Settle wall times that occur twice where only one of the two lies in a session, or none."""
    rows = np.flatnonzero(unclear)
    later, later_close = sessions.place(second[rows], length)
    earlier = place[rows]
    use_later = (earlier == OUTSIDE) & (later != OUTSIDE)
    place, close, unclear = place.copy(), close.copy(), unclear.copy()
    place[rows[use_later]] = later[use_later]
    close[rows[use_later]] = later_close[use_later]
    unclear[rows] = (earlier != OUTSIDE) & (later != OUTSIDE)
    return place, close, unclear


def _instants(ts: pl.Series, input_timezone: str) -> tuple[Times, Times, npt.NDArray[np.bool_]]:
    """Return the first and the second instant of each time (alike but for one that occurs twice), if any."""
    if not isinstance(ts.dtype, pl.Datetime):
        raise DataError(f"ts has type {ts.dtype}: bars of some minutes need times. Nearest: bar_minutes=null")
    both = [ts]
    if ts.dtype.time_zone is None:
        both = [
            ts.dt.replace_time_zone(input_timezone, ambiguous=which, non_existent="null")
            for which in ("earliest", "latest")
        ]
    exists = both[0].is_not_null().to_numpy()
    found = [microseconds(times.fill_null(EPOCH)) for times in both]
    return found[0], found[-1], exists


def _at(frame: pl.DataFrame, close: Times) -> pl.DataFrame:
    return frame.with_columns(pl.Series("ts", close).cast(pl.Datetime("us", "UTC")))


def _refuse_collisions(ordered: pl.DataFrame) -> None:
    alike = (pl.col("ts") == pl.col("ts").shift(1)) & (pl.col("ticker") == pl.col("ticker").shift(1))
    twice = ordered.select("ticker", "ts").filter(alike)
    if not twice.is_empty():
        ticker, ts = twice.row(0)
        raise DataError(f"ticker {ticker}: two bars close at {ts.isoformat()}, in {twice.height} places")
