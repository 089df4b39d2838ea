"""What every way of knowing splits and dividends offers, and the table it returns."""

from typing import Any, Protocol

import polars as pl

from ploutos.data.calendars.calendar import Calendar
from ploutos.data.calendars.wall import instants
from ploutos.data.session import parse_time
from ploutos.types import DataError
from ploutos.types.session import MINUTES_PER_DAY, SessionClock

ACTION_SCHEMA = {
    "ticker": pl.String(),
    "ts": pl.Datetime("us", "UTC"),
    "split": pl.Float64(),
    "dividend": pl.Float64(),
    "factor": pl.Float64(),
}
"""The columns of `Bars.actions` and `factor`: what the forward-adjusted price of one share is multiplied by;
null where it follows from split, dividend and the last close (see `adjust`)."""


class Actions(Protocol):
    """A way of knowing splits and dividends."""

    def apply(
        self, frame: pl.DataFrame, calendar: Calendar
    ) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, Any]]:
        """Return the bars, their splits and dividends, and what was found.

        Parameters
        ----------
        frame : bars labelled by their close in UTC, sorted and unique in (ticker, ts).
        calendar : dates the bars.

        Returns
        -------
        bars : by permanent ticker, sorted by (ticker, ts); prices as they came.
        actions : columns of `ACTION_SCHEMA`, sorted by (ticker, ts).
        told : JSON-ready, for the data-quality report.
        """
        ...

    def fingerprint(self) -> dict[str, Any]:
        """Return JSON-ready values that identify the content; equal values give equal results."""
        ...


def first_instants(dates: pl.Series, clock: SessionClock) -> pl.Series:
    """Return the first microsecond of each session date, Datetime[us, UTC].

    An action at this time takes effect with the first bar of the session, before or in regular hours, and
    never on a bar that closes when the date begins: that one belongs to the date before.
    """
    start = parse_time("day_starts", clock.day_starts)
    evening = (start.hour * 60 + start.minute) * 2 >= MINUTES_PER_DAY
    begins = instants(dates, start, clock.timezone, days_later=-1 if evening else 0)
    return begins.dt.offset_by("1us")


def check_actions(actions: pl.DataFrame) -> None:
    """Refuse a split that is not above 0 and a dividend that is not a finite number >= 0."""
    split, dividend = pl.col("split"), pl.col("dividend")
    good = split.is_finite() & (split > 0) & dividend.is_finite() & (dividend >= 0)
    bad = actions.filter(~good.fill_null(False))
    if not bad.is_empty():
        row = bad.row(0, named=True)
        raise DataError(
            f"actions: {row['ticker']} at {row['ts'].isoformat()} has split {row['split']}, dividend"
            f" {row['dividend']}; need a finite number > 0 and one >= 0"
        )
