"""The sessions of an exchange: holidays, early closes and daylight saving from `exchange_calendars`."""

from datetime import date
from functools import lru_cache
from importlib.metadata import version
from typing import Any, NamedTuple

import polars as pl

from ploutos.data.calendars.calendar import SESSION_SCHEMA
from ploutos.types import ConfigError, DataError, checked, one_of
from ploutos.types.session import DAYS_PER_YEAR

# exchange_calendars imports pandas, which costs most of a second: imported where needed.
COUNTED = (
    date(2000, 1, 1),
    date(2019, 12, 31),
)  # years whose sessions are the usual number; part of the figure


class Exchange:
    """The regular sessions of an exchange, early closes included. Lunch breaks count as open.

    Parameters
    ----------
    code : a code of `exchange_calendars`, which are mostly market identifier codes (XNYS, XLON, CMES), or
        one of its aliases (NYSE, NASDAQ, LSE).
    """

    @checked
    def __init__(self, *, code: str) -> None:
        self.code = _canonical(code)
        rules = _rules(self.code)
        self.timezone, self.day_starts = rules.timezone, rules.day_starts
        self.sessions_per_year = rules.sessions_per_year

    def sessions(self, first: date, last: date) -> pl.DataFrame:
        """Return the sessions dated `first` to `last`; raise `DataError` for dates that the rules lack."""
        rules = _rules(self.code)
        if first < rules.first or last > rules.last:
            raise DataError(
                f"exchange calendar '{self.code}' knows the sessions from {rules.first} to {rules.last},"
                f" not those from {first} to {last}"
            )
        # Whole decades, which take no longer than days, so that many requests share a schedule.
        begin = max(rules.first, date(first.year // 10 * 10, 1, 1))
        end = min(rules.last, date(last.year // 10 * 10 + 9, 12, 31))
        return _schedule(self.code, begin, end).filter(pl.col("session").is_between(first, last))

    def fingerprint(self) -> dict[str, Any]:
        """Return the code and the version of the package that knows its sessions."""
        return {
            "calendar": "exchange",
            "code": self.code,
            "exchange_calendars": version("exchange_calendars"),
        }


def _canonical(code: str) -> str:
    from exchange_calendars import calendar_utils

    names = set(calendar_utils.get_calendar_names(include_aliases=True))
    upper = code.upper()
    if code not in names and upper not in names:
        raise one_of("exchange calendar code", upper, names)
    return str(calendar_utils.resolve_alias(code if code in names else upper))


def _built(code: str, *window: date) -> Any:
    """Return the package's calendar over [first, last], or over its default years.

    Some calendars of the package fail with the pinned pandas, for want of the Orthodox Easter.
    """
    from exchange_calendars import get_calendar

    bounds = {key: day.isoformat() for key, day in zip(("start", "end"), window, strict=False)}
    try:
        return get_calendar(code, **bounds)
    except (ValueError, NotImplementedError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:100]
        span = f" from {window[0]} to {window[1]}" if window else ""
        raise ConfigError(f"exchange calendar '{code}'{span} cannot be computed: {reason}") from error


class _Rules(NamedTuple):
    timezone: str
    day_starts: str
    first: date
    last: date
    sessions_per_year: float


@lru_cache(maxsize=32)
def _rules(code: str) -> _Rules:
    """Return zone, beginning of a session date, and the dates that the calendar's rules cover.

    Sessions that open on the evening before begin with their earliest regular open; others at midnight. Where
    the package sets no limits, those of nanoseconds in 64 bits hold. A year's sessions are counted over fixed
    years, 2000 to 2019, or over the first twenty whole years that the rules cover where they lack those.
    """
    try:
        calendar, window = _built(code, *COUNTED), COUNTED
    except ConfigError:
        calendar, window = _first_years(code)
    opens = min(opened for _, opened in calendar.open_times)
    first, last = calendar.bound_min(), calendar.bound_max()
    return _Rules(
        timezone=str(calendar.tz),
        day_starts=opens.strftime("%H:%M") if calendar.open_offset < 0 else "00:00",
        first=date(1700, 1, 1) if first is None else first.date(),
        last=date(2249, 12, 31) if last is None else last.date(),
        sessions_per_year=len(calendar.sessions) * DAYS_PER_YEAR / ((window[1] - window[0]).days + 1),
    )


def _first_years(code: str) -> tuple[Any, tuple[date, date]]:
    """Return the calendar over the first whole years, at most twenty, that its rules cover, and these."""
    known = _built(code)
    first, last = known.bound_min(), known.bound_max()
    if first is None:
        raise ConfigError(f"exchange calendar '{code}' cannot be computed from {COUNTED[0]} to {COUNTED[1]}")
    year = first.year + ((first.month, first.day) != (1, 1))
    whole = None if last is None else last.year - ((last.month, last.day) != (12, 31))
    end = year + 19 if whole is None else min(year + 19, whole)
    window = (date(year, 1, 1), date(end, 12, 31))
    return _built(code, *window), window


@lru_cache(maxsize=32)
def _schedule(code: str, first: date, last: date) -> pl.DataFrame:
    calendar = _built(code, first, last)
    nanoseconds = {
        "session": calendar.sessions_nanos,
        "open": calendar.opens_nanos,
        "close": calendar.closes_nanos,
    }
    microseconds = {name: values // 1000 for name, values in nanoseconds.items()}
    times = pl.DataFrame(microseconds).cast(pl.Datetime("us", "UTC"))
    return times.with_columns(pl.col("session").dt.date()).match_to_schema(SESSION_SCHEMA)
