"""How much of a market the bars cover, year by year."""

from datetime import date
from typing import Any

import polars as pl

from ploutos.data.calendars.calendar import Calendar
from ploutos.types import ConfigError
from ploutos.types.session import SessionClock


def coverage(frame: pl.DataFrame, calendar: Calendar, clock: SessionClock) -> list[dict[str, Any]]:
    """Return what each year of session dates holds; JSON-ready.

    Returns
    -------
    By year: `tickers` (with a bar in it) and `bars`; `first` and `last` session with a bar (ISO dates);
    `sessions` with a bar, `sessions_missing` between the frame's first and last session, and
    `sessions_of_year`, all that the calendar has. A year is `partial` where the frame begins or ends in it
    and sessions of the calendar lie beyond: such a year is no hole.
    """
    if frame.is_empty():
        return []
    dated = frame.select("ticker", date=clock.date_of(pl.col("ts").dt.timestamp("us")))
    by_day = dated.group_by("date").len("bars").sort("date")
    begin, end = by_day["date"][0], by_day["date"][-1]
    tickers = dated.group_by(pl.col("date").dt.year().alias("year")).agg(pl.col("ticker").n_unique())
    names = dict(tickers.iter_rows())
    known = _sessions(calendar, begin, end)
    told = []
    for (year,), days in by_day.group_by(pl.col("date").dt.year(), maintain_order=True):
        whole = known.filter(known.dt.year() == year)
        inside = whole.filter(whole.is_between(begin, end))
        told.append(
            {
                "year": year,
                "tickers": names[year],
                "bars": int(days["bars"].sum()),
                "first": days["date"][0].isoformat(),
                "last": days["date"][-1].isoformat(),
                "sessions": days.height,
                "sessions_missing": int((~inside.is_in(days["date"].implode())).sum()),
                "sessions_of_year": whole.len(),
                "partial": inside.len() < whole.len(),
            }
        )
    return told


def _sessions(calendar: Calendar, begin: date, end: date) -> pl.Series:
    """Return the sessions of all years from `begin` to `end`, as far as the calendar knows them."""
    try:
        return calendar.sessions(date(begin.year, 1, 1), date(end.year, 12, 31))["session"]
    except ConfigError:  # it does not know the rest of a year
        return calendar.sessions(begin, end)["session"]
