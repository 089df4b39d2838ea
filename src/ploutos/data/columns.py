"""From the columns of a user's table to the names that all stages share."""

from pathlib import Path

import polars as pl
from pydantic import BaseModel, ConfigDict

from ploutos.data.texts.numerals import numbers
from ploutos.data.texts.times import times
from ploutos.types import DataError
from ploutos.types.bars import PRICE_COLUMNS

EXTRAS = ("asof", "split", "dividend")
NUMBERS = (*PRICE_COLUMNS, "volume", "split", "dividend")


class ColumnNames(BaseModel):
    """What the columns are called in the file.

    `ticker` null: the file is named after its only ticker. `volume` null: there is none, it is taken as 0.
    `ts_format` tells how times are written where they are text, as all are in CSV (see `texts.times`).
    `asof` (date or time of publication), `split` (new shares for one old share) and `dividend` (currency per
    share) are null where the file has none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    ts: str
    ts_format: str | None
    ticker: str | None
    open: str
    high: str
    low: str
    close: str
    volume: str | None
    asof: str | None
    split: str | None
    dividend: str | None

    def in_file(self) -> dict[str, str]:
        """Return shared name -> name in the file, of those that the file has."""
        told = self.model_dump(exclude={"ts_format"})
        return {name: value for name, value in told.items() if value is not None}


def canonical(raw: pl.DataFrame, names: ColumnNames, file: Path, *, ticker: str) -> pl.DataFrame:
    """Return `ts`, `ticker`, prices, `volume` and the extras that there are, typed.

    Parameters
    ----------
    raw : the columns `names.in_file()` of `file`; of a CSV file all are text.
    ticker : of every row, where no column tells.

    Raises
    ------
    DataError
        A `ts` that is no date or date-time, a `ticker` that is no text, prices that are no numbers.
    """
    theirs = names.in_file()
    frame = raw.select(pl.col(column).alias(name) for name, column in theirs.items())
    if names.ticker is None:
        frame = frame.with_columns(pl.lit(ticker).alias("ticker"))
    if names.volume is None:
        frame = frame.with_columns(pl.lit(0.0).alias("volume"))
    frame = frame.with_columns(_read_texts(frame, names, file))
    schema = frame.schema
    if not isinstance(schema["ts"], pl.Datetime | pl.Date):
        raise _wrong_type(file, theirs["ts"], schema["ts"], "a date or a date-time")
    if not isinstance(schema["ticker"], pl.String | pl.Categorical | pl.Enum):
        raise _wrong_type(file, theirs["ticker"], schema["ticker"], "text")
    wanted = [name for name in NUMBERS if name in schema]
    for name in wanted:
        if not schema[name].is_numeric():
            raise _wrong_type(file, theirs[name], schema[name], "a number")
    ordered = [name for name in ("ts", "ticker", *PRICE_COLUMNS, "volume", *EXTRAS) if name in schema]
    return frame.select(ordered).with_columns(
        pl.col("ticker").cast(pl.String), pl.col(wanted).cast(pl.Float64)
    )


def _read_texts(frame: pl.DataFrame, names: ColumnNames, file: Path) -> list[pl.Series]:
    """Return the times and numbers of columns that hold text."""
    found = []
    for name, column in names.in_file().items():
        if frame.schema[name] != pl.String or name == "ticker":
            continue
        where = f"{file}: {column}"
        if name in NUMBERS:
            found.append(numbers(frame[name], where=where))
        else:
            found.append(times(frame[name], names.ts_format if name == "ts" else None, where=where))
    return found


def _wrong_type(file: Path, column: str, dtype: pl.DataType, wanted: str) -> DataError:
    return DataError(f"{file}: column '{column}' has type {dtype}, must be {wanted}")
