"""Names of time zones, checked."""

from datetime import UTC, datetime
from zoneinfo import available_timezones

import polars as pl
from polars.exceptions import PolarsError

from ploutos.types import one_of


def check_timezone(what: str, name: str) -> str:
    """Return `name` if it is an IANA time zone, or raise `ConfigError` naming `what` and the nearest zone.

    Polars carries its own zone table, so this works on systems without one.
    """
    try:
        pl.Series([datetime(2000, 1, 1, tzinfo=UTC)]).dt.convert_time_zone(name)
    except PolarsError as error:
        raise one_of(what, name, available_timezones()) from error
    return name
