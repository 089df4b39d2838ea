"""Tables that a component reads from files, with other values after a time: changed at the door."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from ploutos.audit.perturb import perturbed_table
from ploutos.data.recognition import csv_rows

READERS = ("read_parquet", "scan_parquet", "read_csv", "scan_csv", "read_ipc", "scan_ipc")
ROWS = ("read_rows",)  # of CSV files, whose texts only the reader understands
OTHERS = ("read_parquet", "read_csv")  # of pandas
TIMES = (
    "available_at",
    "ts",
    "timestamp",
    "datetime",
    "time",
    "date",
)  # names of the column that dates a row
DAY = 86_400_000_000  # microseconds
MARGIN = (
    14 * 3_600_000_000
)  # microseconds; no zone is further from UTC than a time without a zone may stand for


@dataclass
class Door:
    """What came through: how many tables that have times, and how many rows were changed."""

    dated: int = 0
    rows: list[int] = field(default_factory=list)


@contextmanager
def changed_files(cut: int | None, kind: str, seed: int, *, day: int | None = None) -> Iterator[Door]:
    """While inside, tables read by Polars or pandas hold other rows after `cut` (microseconds, UTC).

    A table without a column of times comes as it is, and all do where `cut` is None. Rows whose time has no
    zone count as later once they are later in every zone. With `day` (its midnight as microseconds, in no
    zone), rows that are dated by day alone count as later from that day on.
    """
    door = Door()

    def through(table: pl.DataFrame) -> pl.DataFrame:
        stamp = row_times(table)
        if stamp is None:
            return table
        door.dated += 1
        if cut is None:
            return table
        naive = getattr(table[stamp.name].dtype, "time_zone", None) is None
        limit = cut + MARGIN if naive else cut
        if day is not None and _by_day(table[stamp.name], stamp):
            limit = day - 1
        door.rows.append(int((stamp.dt.timestamp("us") > limit).sum()))
        return _changed(table, stamp, limit, kind, np.random.default_rng([seed, abs(cut) % 2**32]))

    before: list[tuple[Any, str, Any]] = []
    for module, names in ((pl, READERS), (csv_rows, ROWS), (sys.modules.get("pandas"), OTHERS)):
        for name in names if module is not None else ():
            before.append((module, name, getattr(module, name)))
            setattr(module, name, _wrapped(getattr(module, name), through))
    try:
        yield door
    finally:
        for module, name, function in before:
            setattr(module, name, function)


def row_times(table: pl.DataFrame) -> pl.Series | None:
    """Return the time of each row, under the column's own name; None where no column tells."""
    called = {name.lower(): name for name in reversed(table.columns)}
    known = [called[name] for name in TIMES if name in called]
    temporal = [name for name in table.columns if table[name].dtype.is_temporal()]
    for name in dict.fromkeys([*known, *temporal, *table.columns]):
        column = table[name]
        if column.dtype in (pl.Date, pl.Datetime):
            return column.cast(pl.Datetime("us", getattr(column.dtype, "time_zone", None)))
        if column.dtype == pl.String and name not in temporal:
            days = column.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
            if days.null_count() <= 0.5 * len(days) and len(days):
                return days.cast(pl.Datetime("us"))
    return None


def _by_day(column: pl.Series, stamp: pl.Series) -> bool:
    """Return whether rows are dated by day: a date, a text of ten characters, midnights only."""
    if column.dtype == pl.String:
        return bool(column.str.len_chars().max() == 10)
    return column.name.lower() != TIMES[0] and bool((stamp.dt.timestamp("us") % DAY == 0).all())


def _changed(
    table: pl.DataFrame, stamp: pl.Series, cut: int, kind: str, rng: np.random.Generator
) -> pl.DataFrame:
    """Return `table` changed after `cut`; only numbers change, also those that stand there as texts."""
    numbers = [name for name in table.columns if name != stamp.name and _is_number(table[name])]
    plain = table.select(
        pl.Series("", stamp.dt.timestamp("us")).cast(pl.Datetime("us", "UTC")).alias("\0time"),
        pl.int_range(pl.len()).alias("\0row"),
    )
    if kind in ("truncate", "gaps"):
        kept = perturbed_table(plain, cut, kind, rng, "\0time")
        return table[kept["\0row"].to_numpy()]
    values = table.select(pl.col(numbers).cast(pl.Float64, strict=False))
    changed = perturbed_table(
        plain.select("\0time").hstack(values.get_columns()), cut, kind, rng, "\0time"
    ).select(numbers)
    same = (plain["\0time"].dt.timestamp("us") <= cut).fill_null(True)
    return table.with_columns(
        pl.Series(name, table[name]).zip_with(same, _as(changed[name], table[name].dtype)) for name in numbers
    )


def _is_number(column: pl.Series) -> bool:
    if column.dtype == pl.String:
        as_number = column.cast(pl.Float64, strict=False)
        return bool(as_number.null_count() < max(0.5 * len(column), 1))
    return column.dtype.is_numeric()


def _as(values: pl.Series, dtype: pl.DataType) -> pl.Series:
    return values.round(0).cast(dtype, strict=False) if dtype.is_integer() else values.cast(dtype)


def _wrapped(read: Callable[..., Any], through: Callable[[pl.DataFrame], pl.DataFrame]) -> Callable[..., Any]:
    """Return `read` with what it returns sent through the door; lazy frames and pandas' come back as such."""

    def reading(*arguments: Any, **named: Any) -> Any:
        table = read(*arguments, **named)
        if isinstance(table, pl.DataFrame):
            return through(table)
        if isinstance(table, pl.LazyFrame):
            return through(table.collect()).lazy()
        if not hasattr(table, "reset_index") or not hasattr(table, "columns"):
            return table  # such as an iterator over parts
        index = [name for name in table.index.names if name is not None]
        changed = through(pl.from_pandas(table, include_index=bool(index))).to_pandas()
        return changed.set_index(index) if index else changed

    return reading
