"""Validation of a long frame of bars; each check raises a one-line `DataError` at the first bad row.

Frames have the columns `ts` (Datetime[us, UTC]), `ticker`, `open`, `high`, `low`, `close`, `volume`;
`file` is named in the error.
"""

from pathlib import Path

import polars as pl

from ploutos.types import DataError
from ploutos.types.bars import PRICE_COLUMNS

OHLC_TOLERANCE = 1e-6
"""Relative slack between high/low and open/close: adjusted prices are rounded."""


def check_dtypes(frame: pl.DataFrame, *, file: str | Path) -> None:
    """Refuse a `ts` that is no date-time, a `ticker` that is no text and prices that are no numbers."""
    schema = frame.schema
    if not isinstance(schema["ts"], pl.Datetime):
        raise _dtype_error(file, "ts", schema["ts"], "a date-time")
    if not isinstance(schema["ticker"], pl.String | pl.Categorical | pl.Enum):
        raise _dtype_error(file, "ticker", schema["ticker"], "text")
    for column in (*PRICE_COLUMNS, "volume"):
        if not schema[column].is_numeric():
            raise _dtype_error(file, column, schema[column], "a number")


def _dtype_error(file: str | Path, column: str, dtype: pl.DataType, wanted: str) -> DataError:
    return DataError(f"{file}: column '{column}' has type {dtype}, must be {wanted}")


def check_keys(frame: pl.DataFrame, *, file: str | Path) -> None:
    """Refuse rows without `ticker` or `ts`."""
    numbered = frame.with_row_index("row")
    nameless = numbered.filter(pl.col("ticker").is_null() | (pl.col("ticker") == ""))
    if not nameless.is_empty():
        raise DataError(f"{file}: row {nameless['row'][0]}: ticker is empty")
    timeless = numbered.filter(pl.col("ts").is_null())
    if not timeless.is_empty():
        raise DataError(
            f"{file}: ticker {timeless['ticker'][0]}, row {timeless['row'][0]}: ts is empty,"
            " or does not exist or is ambiguous in the input time zone"
        )


def check_order(frame: pl.DataFrame, *, file: str | Path) -> None:
    """Refuse a (ticker, ts) that occurs twice and times that run backwards within a ticker."""
    twice = frame.filter(pl.struct("ticker", "ts").is_duplicated())
    if not twice.is_empty():
        raise _row_error(file, twice, "this time occurs more than once")
    backwards = frame.with_columns(before=pl.col("ts").shift(1).over("ticker"))
    backwards = backwards.filter(pl.col("ts") < pl.col("before"))
    if not backwards.is_empty():
        before = backwards["before"][0].isoformat()
        raise _row_error(file, backwards, f"times are not sorted, the row before is at {before}")


def check_spacing(frame: pl.DataFrame, bar_minutes: int, *, file: str | Path) -> None:
    """Refuse two bars of one ticker that lie closer than `bar_minutes`, in a frame sorted by time."""
    close = frame.with_columns(gap=pl.col("ts").diff().over("ticker").dt.total_seconds() / 60)
    close = close.filter(pl.col("gap") < bar_minutes)
    if not close.is_empty():
        message = f"only {close['gap'][0]:g} minutes after the bar before, but bar_minutes is {bar_minutes}"
        raise _row_error(file, close, message)


def check_values(frame: pl.DataFrame, *, file: str | Path) -> None:
    """Refuse prices and volume that are null, NaN or infinite, prices <= 0 and volume < 0."""
    for column in (*PRICE_COLUMNS, "volume"):
        value = pl.col(column)
        low = value < 0 if column == "volume" else value <= 0
        bad = frame.filter(value.is_null() | ~value.is_finite() | low)
        if not bad.is_empty():
            rule = "zero or more" if column == "volume" else "positive"
            found = "null" if bad[column][0] is None else f"{bad[column][0]:g}"
            raise _row_error(file, bad, f"{column} is {found}, must be finite and {rule}")


def check_ranges(frame: pl.DataFrame, *, file: str | Path) -> None:
    """Refuse a high below the low and an open or close outside [low, high], beyond `OHLC_TOLERANCE`."""
    slack = 1 + OHLC_TOLERANCE
    high, low = pl.col("high"), pl.col("low")
    crossed = frame.filter(high * slack < low)
    if not crossed.is_empty():
        row = crossed.row(0, named=True)
        raise _row_error(file, crossed, f"high {row['high']:g} is below low {row['low']:g}")
    for column in ("open", "close"):
        outside = frame.filter((pl.col(column) > high * slack) | (pl.col(column) * slack < low))
        if not outside.is_empty():
            row = outside.row(0, named=True)
            message = f"{column} {row[column]:g} is outside [low {row['low']:g}, high {row['high']:g}]"
            raise _row_error(file, outside, message)


def _row_error(file: str | Path, bad: pl.DataFrame, message: str) -> DataError:
    row = bad.row(0, named=True)
    return DataError(f"{file}: ticker {row['ticker']} at {row['ts'].isoformat()}: {message}")
