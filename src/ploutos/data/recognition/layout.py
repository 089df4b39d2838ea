"""How a CSV file is written: the settings that may be left open, and those that the reader takes."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from ploutos.data.columns import ColumnNames
from ploutos.data.texts.epochs import FORMATS
from ploutos.data.texts.numerals import Decimal, Numerals, Thousands
from ploutos.data.texts.time_formats import check_format
from ploutos.types import ConfigError, NonNegativeInt, PositiveInt

AUTO: Final = "auto"
Auto = Literal["auto"]

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " "}
"""Names of the signs between fields; any other single sign stands for itself."""


class CsvColumns(ColumnNames):
    """What the columns of a CSV file are called; every name may be `auto`.

    `time` is the time of day where that stands in a column of its own, and `ts_format` then tells how both
    are written with a space between. `adjusted_close` is a close after splits and dividends: its ratio to
    `close` multiplies all four prices. `ticker` null: the file is named after its only ticker, or line
    `tickers_line` of the column names tells.
    """

    time: str | None
    adjusted_close: str | None

    def model_post_init(self, context: Any, /) -> None:
        """Refuse `auto` where nothing is recognised, and a format that tells no date."""
        for name in ("asof", "split", "dividend"):
            if getattr(self, name) == AUTO:
                raise ConfigError(f"data.columns.{name}: is not recognised; name a column, or null")
        if self.ts_format not in (None, AUTO, *FORMATS):
            check_format(str(self.ts_format))


class Format(BaseModel):
    """How the text is written; what is `auto` is recognised.

    Attributes
    ----------
    encoding : name of a text encoding that Python knows.
    delimiter : key of `DELIMITERS`, or one sign.
    skip_lines : lines above the column names.
    header_lines : lines of column names; 0: none, the columns are called column_1, column_2, ...
    names_line : which of these lines names the columns, from 1; None without names.
    tickers_line : which one tells the ticker of each column; None: none does.
    footer_lines : lines below the last row.
    decimal, thousands : signs in prices.
    volume_decimal, volume_thousands : signs in volumes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoding: str
    delimiter: str
    skip_lines: NonNegativeInt | Auto
    header_lines: NonNegativeInt | Auto
    names_line: PositiveInt | Auto | None
    tickers_line: PositiveInt | Auto | None
    footer_lines: NonNegativeInt | Auto
    decimal: Decimal | Auto
    thousands: Thousands | Auto
    volume_decimal: Decimal | Auto
    volume_thousands: Thousands | Auto

    def model_post_init(self, context: Any, /) -> None:
        """Refuse a delimiter that is no single sign."""
        if self.delimiter not in (AUTO, *DELIMITERS) and len(self.delimiter) != 1:
            raise ConfigError(
                f"data.format.delimiter: '{self.delimiter}' must be one sign, auto, or one of"
                f" {', '.join(DELIMITERS)}"
            )


class Structure(BaseModel):
    """Where the rows and the names stand; attributes as in `Format`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoding: str
    delimiter: Annotated[str, Field(min_length=1)]
    skip_lines: NonNegativeInt
    header_lines: NonNegativeInt
    names_line: PositiveInt | None
    tickers_line: PositiveInt | None
    footer_lines: NonNegativeInt

    @property
    def sign(self) -> str:
        """Return the sign between fields."""
        return DELIMITERS.get(self.delimiter, self.delimiter)


class Layout(BaseModel):
    """All that the reader takes; equal layouts read a file alike.

    Attributes
    ----------
    structure : where rows and names stand.
    columns : names, none of them `auto`.
    prices, volumes : how numbers are written.
    bar_minutes : None is one bar a session.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    structure: Structure
    columns: CsvColumns
    prices: Numerals
    volumes: Numerals
    bar_minutes: PositiveInt | None

    def settings(self) -> dict[str, Any]:
        """Return the settings as the keys of `data=csv` that they stand for, JSON-ready."""
        return {
            "format": {
                **self.structure.model_dump(),
                **self.prices.model_dump(),
                **{f"volume_{name}": value for name, value in self.volumes.model_dump().items()},
            },
            "columns": self.columns.model_dump(),
            "bar_minutes": self.bar_minutes,
        }


def settled(format: Format, columns: CsvColumns, bar_minutes: int | Auto | None) -> Layout | None:
    """Return the layout that the settings tell alone; None where one of them is `auto`."""
    told = [*format.model_dump().values(), *columns.model_dump().values(), bar_minutes]
    if AUTO in told:
        return None
    given = format.model_dump()
    return Layout(
        structure=Structure(**{name: given[name] for name in Structure.model_fields}),
        columns=columns,
        prices=Numerals(decimal=given["decimal"], thousands=given["thousands"]),
        volumes=Numerals(decimal=given["volume_decimal"], thousands=given["volume_thousands"]),
        bar_minutes=bar_minutes,
    )
