"""Which bars belong to the trading session."""

from dataclasses import dataclass
from datetime import time

import polars as pl

from ploutos.types import ConfigError


def parse_time(what: str, value: str) -> time:
    """Return the local wall time of "HH:MM", or raise `ConfigError` naming `what`."""
    try:
        if len(value) != 5:
            raise ValueError(value)
        return time.fromisoformat(value)
    except ValueError as error:
        raise ConfigError(f"{what}: '{value}' is not a time, write HH:MM such as '09:30'") from error


@dataclass(frozen=True)
class SessionFilter:
    """Keeps bars that start within [first_start, last_start], local wall time of `timezone`, both included.

    Working in wall time makes the filter right on both sides of a daylight-saving change.
    """

    timezone: str
    first_start: time
    last_start: time
    bar_minutes: int

    def split(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
        """Return the rows of the session and the counts of the rest.

        Parameters
        ----------
        frame : with `ts`, the bars' **close** times (Datetime[us, UTC]).

        Returns
        -------
        kept : rows of the session, in the given order.
        counts : `rows_mixed_bar`, the bars directly before `first_start` (of US hourly bars 09:00-10:00,
            half pre-market, half session), and `rows_outside_session`, every other dropped row.
        """
        start = (pl.col("ts") - pl.duration(minutes=self.bar_minutes)).dt.convert_time_zone(self.timezone)
        minute = frame.select(start.dt.hour().cast(pl.Int32) * 60 + start.dt.minute()).to_series()
        first, last = _minutes(self.first_start), _minutes(self.last_start)
        kept = frame.filter((minute >= first) & (minute <= last))
        mixed = int(((minute >= first - self.bar_minutes) & (minute < first)).sum())
        counts = {"rows_mixed_bar": mixed, "rows_outside_session": frame.height - kept.height - mixed}
        return kept, counts


def _minutes(wall: time) -> int:
    return wall.hour * 60 + wall.minute
