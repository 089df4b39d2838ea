"""Reading and validating one daily series."""

from pathlib import Path

import polars as pl

from ploutos.data.files import read_columns
from ploutos.macro.columns import DIFFERENCED
from ploutos.types import DataError, one_of


def read_level(
    file: Path,
    level: str,
    *,
    date_column: str,
    value_column: str,
    filter_column: str | None,
    filter_value: str | None,
) -> pl.DataFrame:
    """Return `date` (Date, sorted, unique) and `level` (Float64, finite); days without a value are left out.

    Raises
    ------
    DataError
        Missing file or column, no rows, no such series, wrong type, a date twice, an infinite value, or one
        that is not positive where the level's changes are logarithmic.
    """
    columns = [date_column, value_column, *([filter_column] if filter_column else [])]
    frame = read_columns(file, dict.fromkeys(columns))
    if filter_column:
        frame = _series(frame, file, filter_column, str(filter_value))
    _check_dtypes(frame, file, date_column, value_column)
    frame = frame.select(
        pl.col(date_column).cast(pl.Date).alias("date"),
        pl.col(value_column).cast(pl.Float64).fill_nan(None).alias(level),
    )
    if frame["date"].null_count():
        raise DataError(f"{file}: {level}: column '{date_column}' has an empty date")
    twice = frame.filter(pl.col("date").is_duplicated())
    if not twice.is_empty():
        raise DataError(f"{file}: {level} on {twice['date'][0]}: this date occurs more than once")
    frame = frame.drop_nulls()
    if frame.is_empty():
        raise DataError(f"{file}: {level}: column '{value_column}' has no values")
    _check_values(frame, file, level)
    return frame.sort("date")


def _series(frame: pl.DataFrame, file: Path, column: str, value: str) -> pl.DataFrame:
    labels = frame[column].cast(pl.String)
    chosen = frame.filter(labels == value)
    if chosen.is_empty():
        raise DataError(str(one_of(f"{file}: column '{column}'", value, labels.drop_nulls().unique())))
    return chosen


def _check_dtypes(frame: pl.DataFrame, file: Path, date_column: str, value_column: str) -> None:
    dates, values = frame.schema[date_column], frame.schema[value_column]
    if not isinstance(dates, pl.Date | pl.Datetime):
        raise DataError(f"{file}: column '{date_column}' has type {dates}, must be a date")
    if not values.is_numeric():
        raise DataError(f"{file}: column '{value_column}' has type {values}, must be a number")


def _check_values(frame: pl.DataFrame, file: Path, level: str) -> None:
    value = pl.col(level)
    bad = frame.filter(value.is_infinite() | (pl.lit(level not in DIFFERENCED) & (value <= 0)))
    if not bad.is_empty():
        rule = "finite" if level in DIFFERENCED else "finite and positive"
        raise DataError(f"{file}: {level} on {bad['date'][0]}: value is {bad[level][0]:g}, must be {rule}")
