"""From the columns of a user's table to the names that all stages share."""

from pathlib import Path

import polars as pl
from pydantic import BaseModel, ConfigDict

from ploutos.types import DataError
from ploutos.types.bars import PRICE_COLUMNS

EXTRAS = ("asof", "split", "dividend")


class ColumnNames(BaseModel):
    """What the columns are called in the file.

    `ticker` null: the file is named after its only ticker. `volume` null: there is none, it is taken as 0.
    `asof` (date or time of publication), `split` (new shares for one old share) and `dividend` (currency per
    share) are null where the file has none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    ts: str
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
        return {name: value for name, value in self.model_dump().items() if value is not None}


def canonical(raw: pl.DataFrame, names: ColumnNames, file: Path) -> pl.DataFrame:
    """Return `ts`, `ticker`, prices, `volume` and the extras that there are, typed.

    Parameters
    ----------
    raw : the columns `names.in_file()` of `file`.

    Raises
    ------
    DataError
        A `ts` that is no date or date-time, a `ticker` that is no text, prices that are no numbers.
    """
    found = names.in_file()
    if names.ticker is None:
        raw = raw.with_columns(pl.lit(file.stem).alias("ticker"))
        found["ticker"] = "ticker"
    if names.volume is None:
        raw = raw.with_columns(pl.lit(0.0).alias("volume"))
        found["volume"] = "volume"
    frame = raw.select(pl.col(theirs).alias(ours) for ours, theirs in found.items())
    schema = frame.schema
    if not isinstance(schema["ts"], pl.Datetime | pl.Date):
        raise _wrong_type(file, found["ts"], schema["ts"], "a date or a date-time")
    if not isinstance(schema["ticker"], pl.String | pl.Categorical | pl.Enum):
        raise _wrong_type(file, found["ticker"], schema["ticker"], "text")
    numbers = [name for name in (*PRICE_COLUMNS, "volume", "split", "dividend") if name in schema]
    for name in numbers:
        if not schema[name].is_numeric():
            raise _wrong_type(file, found[name], schema[name], "a number")
    ordered = [name for name in ("ts", "ticker", *PRICE_COLUMNS, "volume", *EXTRAS) if name in schema]
    return frame.select(ordered).with_columns(
        pl.col("ticker").cast(pl.String), pl.col(numbers).cast(pl.Float64)
    )


def _wrong_type(file: Path, column: str, dtype: pl.DataType, wanted: str) -> DataError:
    return DataError(f"{file}: column '{column}' has type {dtype}, must be {wanted}")
