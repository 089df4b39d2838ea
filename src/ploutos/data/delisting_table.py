"""A user's table of delistings."""

import polars as pl

from ploutos.data.corporate.actions import first_instants
from ploutos.data.files import read_columns
from ploutos.types import DataError
from ploutos.types.bars import no_delistings
from ploutos.types.session import SessionClock


def read_delistings(path: str, clock: SessionClock) -> pl.DataFrame:
    """Return `ticker`, `ts` (UTC, or null: its last bar), `delisting_return` of a Parquet file.

    A date stands for the end of the session that it names.

    Raises
    ------
    DataError
        An unreadable file, a missing column, a type that is wrong, a time without a zone, a ticker twice.
    """
    schema = no_delistings().schema
    table = read_columns(path, schema.names())
    given = table.schema
    if given["ts"] == pl.Date:
        ends = first_instants(table["ts"].dt.offset_by("1d"), clock).dt.offset_by("-1us")
        table = table.with_columns(ts=ends)
    elif given["ts"] != pl.Null and getattr(given["ts"], "time_zone", None) is None:
        raise DataError(f"{path}: ts has type {given['ts']}, must be a date or a date-time with a zone")
    if given["ticker"] != pl.String:
        raise DataError(f"{path}: ticker has type {given['ticker']}, must be text")
    if not given["delisting_return"].is_numeric() or table["delisting_return"].null_count():
        raise DataError(f"{path}: delisting_return must be a number in every row")
    twice = table.filter(pl.col("ticker").is_duplicated())
    if not twice.is_empty():
        raise DataError(f"{path}: ticker {twice['ticker'][0]} occurs more than once")
    return table.cast(schema)
