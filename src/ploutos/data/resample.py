"""Longer bars from shorter ones, never across two sessions."""

from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.data.calendars.calendar import Calendar, microseconds, sessions_between
from ploutos.data.calendars.wall import minutes_of_day
from ploutos.types import ConfigError, DataError

MINUTE_US = 60_000_000
ACROSS = 20
"""One in so many given bars may lie across an edge of the new ones: files hold a stray bar."""
Times = npt.NDArray[np.int64]

AGGREGATION = {
    "open": pl.Expr.first,
    "high": pl.Expr.max,
    "low": pl.Expr.min,
    "close": pl.Expr.last,
    "volume": pl.Expr.sum,
    "dividend": pl.Expr.sum,
    "split": pl.Expr.product,
    "asof": pl.Expr.max,
}
"""How a column becomes that of a longer bar; every other column keeps its last value."""


def resample(
    frame: pl.DataFrame,
    *,
    minutes: int | None,
    anchor: Literal["clock", "open"],
    calendar: Calendar,
    bar_minutes: int | None = None,
) -> tuple[pl.DataFrame, dict[str, int | None]]:
    """Return bars of `minutes`, labelled by their close.

    Parameters
    ----------
    frame : labelled bars as of `label_bars`: `ts`, `ticker`, prices, `volume`, ...
    minutes : length of the new bars; None: one bar a session.
    anchor : where new bars begin. "clock": at multiples of `minutes` from local midnight, so the first of
        US hourly bars lasts from 09:30 to 10:00. "open": at the session's open, so it ends at 10:30 and the
        last one lasts from 15:30 to 16:00. Bars never reach beyond their session: the last ends at its close.
        Where daylight saving changes within a session, lengths are kept, not wall times.
    calendar : the sessions.
    bar_minutes : length of the given bars; None: the usual distance of two of them.

    Returns
    -------
    bars : sorted by (ticker, ts); only bars with something in them. The last one may lack the part that
        `frame` does not hold yet.
    told : `rows_before`, `rows_after`, `minutes_before` (the usual length of the given bars; None where no
        session has two) and `rows_across_edges`, given bars that begin before the new bar in which they end.

    Raises
    ------
    DataError
        A bar outside the sessions; `minutes` shorter than the given bars or no multiple of them; more than
        one in `ACROSS` of the given bars across an edge of the new ones.
    """
    if frame.is_empty():
        return frame, {"rows_before": 0, "rows_after": 0, "minutes_before": None, "rows_across_edges": 0}
    frame = frame.sort("ticker", "ts")
    ts = microseconds(frame["ts"])
    table = sessions_between(calendar, int(ts.min()) - 1, int(ts.max()))
    session = _session_of(frame, ts, table)
    usual = _usual_length(frame, ts, session)
    before = usual if usual is None or bar_minutes is None else bar_minutes * MINUTE_US
    begins, ends = _edges(ts, session, table, minutes, anchor, calendar.timezone)
    across = 0
    if before is not None:
        starts = np.maximum(ts - before, _ends_before(frame, ts, session))
        across = int(((starts < begins) & (begins > _opens(table)[session])).sum())
    _check_lengths(before, minutes, across, frame.height, anchor)
    longer = _aggregated(frame.with_columns(pl.Series("ts", ends).cast(pl.Datetime("us", "UTC"))))
    return longer, {
        "rows_before": frame.height,
        "rows_after": longer.height,
        "minutes_before": None if before is None else before // MINUTE_US,
        "rows_across_edges": across,
    }


def _opens(table: pl.DataFrame) -> Times:
    return microseconds(table["open"])


def _session_of(frame: pl.DataFrame, ts: Times, table: pl.DataFrame) -> npt.NDArray[np.int64]:
    """Return the row of each bar's session in `table`."""
    session = np.searchsorted(_opens(table), ts, side="left") - 1
    closes = microseconds(table["close"])
    closes = np.append(closes, np.iinfo(np.int64).min)  # of session -1, before the first
    lost = ts > closes[session]
    if lost.any():
        row = frame.row(int(np.argmax(lost)), named=True)
        raise DataError(f"ticker {row['ticker']}: the bar of {row['ts'].isoformat()} is in no session")
    return session


def _usual_length(frame: pl.DataFrame, ts: Times, session: npt.NDArray[np.int64]) -> int | None:
    """Return the most frequent distance of two bars of a ticker in one session, microseconds."""
    rows = pl.DataFrame({"ticker": frame["ticker"], "ts": ts, "session": session})
    same = (pl.col("ticker") == pl.col("ticker").shift(1)) & (pl.col("session") == pl.col("session").shift(1))
    gaps = rows.select(gap=pl.when(same).then(pl.col("ts").diff())).drop_nulls().to_series()
    if gaps.is_empty():
        return None
    counts = gaps.value_counts().sort("count", "gap", descending=[True, False])
    return int(counts["gap"][0])


def _ends_before(frame: pl.DataFrame, ts: Times, session: npt.NDArray[np.int64]) -> Times:
    """Return the end of the bar before in the session, which no bar overlaps; long ago without one."""
    rows = pl.DataFrame({"ticker": frame["ticker"], "ts": ts, "session": session})
    same = (pl.col("ticker") == pl.col("ticker").shift(1)) & (pl.col("session") == pl.col("session").shift(1))
    ends = rows.select(end=pl.when(same).then(pl.col("ts").shift(1)).otherwise(np.iinfo(np.int64).min))
    return ends["end"].to_numpy()


def _edges(
    ts: Times,
    session: npt.NDArray[np.int64],
    table: pl.DataFrame,
    minutes: int | None,
    anchor: str,
    timezone: str,
) -> tuple[Times, Times]:
    """Return the begin and the end of the new bar in which each given bar ends."""
    opens, closes = _opens(table), microseconds(table["close"])
    if minutes is None:
        return opens[session], closes[session]
    length, origins = minutes * MINUTE_US, opens
    if anchor == "clock":
        origins = opens - minutes_of_day(table["open"], timezone) % minutes * MINUTE_US
    origin = origins[session]
    begins = origin + (ts - 1 - origin) // length * length
    return np.maximum(begins, opens[session]), np.minimum(begins + length, closes[session])


def check_divides(minutes: int | str | None, bar_minutes: int | None) -> None:
    """Refuse a length of longer bars that the given ones, of `bar_minutes`, do not fill whole.

    Raises
    ------
    ConfigError
        The nearest lengths that they fill are named.
    """
    if not isinstance(minutes, int) or bar_minutes is None:
        return
    if minutes % bar_minutes:
        raise ConfigError(_not_a_multiple("resample_minutes", minutes, bar_minutes))


def _not_a_multiple(what: str, minutes: int, bar_minutes: int) -> str:
    below = minutes // bar_minutes * bar_minutes
    near = [str(length) for length in (below, below + bar_minutes) if length]
    return (
        f"{what}: {minutes} is not a multiple of the {bar_minutes} minutes of the given bars, some of which"
        f" would lie in two. Nearest: {' or '.join(near)}"
    )


def _check_lengths(before: int | None, minutes: int | None, across: int, rows: int, anchor: str) -> None:
    if minutes is None:
        return
    if before is None:
        raise DataError(f"resample to {minutes} minutes: the given bars are at most one a session")
    if before > minutes * MINUTE_US:
        given = before / MINUTE_US
        raise DataError(f"resample to {minutes} minutes: the given bars are longer, {given:g} minutes")
    if minutes * MINUTE_US % before:
        raise DataError(_not_a_multiple(f"resample to {minutes} minutes", minutes, before // MINUTE_US))
    if across > rows / ACROSS:
        other = "open" if anchor == "clock" else "clock"
        raise DataError(
            f"resample to {minutes} minutes: {across} of {rows} given bars lie across an edge of the new ones"
            f" anchored at the {anchor}. Nearest: anchor={other}"
        )


def _aggregated(frame: pl.DataFrame) -> pl.DataFrame:
    """Return one row a (ticker, ts) of rows that are sorted by time within a ticker."""
    values = [name for name in frame.columns if name not in ("ts", "ticker")]
    made = [AGGREGATION.get(name, pl.Expr.last)(pl.col(name)) for name in values]
    return frame.group_by("ticker", "ts").agg(made).select(frame.columns).sort("ticker", "ts")
