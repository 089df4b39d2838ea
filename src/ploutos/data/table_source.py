"""What sources of tables in files have in common."""

from pathlib import Path
from typing import Any, ClassVar, Literal

import polars as pl

from ploutos.data.calendars.calendar import Calendar
from ploutos.data.columns import ColumnNames
from ploutos.data.delisting_table import read_delistings
from ploutos.data.files import sha256
from ploutos.data.preparation import DelistingReturn, Preparation, ResampleMinutes
from ploutos.data.tables import Files, Kind, read_parquet_rows, read_tables, tables_sha256
from ploutos.data.timezone import check_timezone
from ploutos.types import Bars, ConfigError, NonNegativeInt, PositiveInt, Ticker, checked
from ploutos.types.session import SessionClock


class TableSource:
    """A long table with a row a ticker and bar, or a folder of such tables.

    Parameters
    ----------
    path : file or folder.
    columns : what the columns are called.
    tickers : the tickers to keep; null keeps all. Only these are judged.
    label, bar_minutes, input_timezone, partial_bars : see `ploutos.data.labels.label_bars`.
    resample_minutes, resample_anchor : see `ploutos.data.resample.resample`; null leaves bars as they are.
    delisted_after_sessions, delisting_return : see `ploutos.data.corporate.delisting`.
    delistings : Parquet file, see `read_delistings`; wins over the rule.
    calendar, quality, actions : components of `data/calendar`, `data/quality`, `data/actions`.
    """

    kind: ClassVar[Kind]

    @checked
    def __init__(
        self,
        *,
        path: str,
        columns: ColumnNames,
        tickers: list[Ticker] | None,
        label: Literal["open", "close"],
        bar_minutes: PositiveInt | None,
        input_timezone: str,
        partial_bars: Literal["drop", "clip"],
        resample_minutes: ResampleMinutes,
        resample_anchor: Literal["clock", "open"],
        delisted_after_sessions: NonNegativeInt | None,
        delisting_return: DelistingReturn,
        delistings: str | None,
        calendar: Any,
        quality: Any,
        actions: Any,
    ) -> None:
        if tickers is not None and not tickers:
            raise ConfigError("tickers: the list is empty; name at least one ticker, or null for all")
        self.path = path
        self.columns = columns
        self.tickers = None if tickers is None else sorted(set(tickers))
        self.delistings = delistings
        self.preparation = Preparation(
            quality=quality,
            label=label,
            bar_minutes=bar_minutes,
            input_timezone=check_timezone("input_timezone", input_timezone),
            partial_bars=partial_bars,
            calendar=calendar,
            actions=actions,
            resample_minutes=resample_minutes,
            resample_anchor=resample_anchor,
            delisted_after_sessions=delisted_after_sessions,
            delisting_return=delisting_return,
        )

    @property
    def clock(self) -> SessionClock:
        """Dates the sessions."""
        return self.preparation.clock

    @property
    def calendar(self) -> Calendar:
        """When the market trades."""
        return self.preparation.calendar

    @property
    def files(self) -> Files:
        """Return where the rows are."""
        return Files(self.path, self.kind, self.columns.ticker is None)

    def load(self) -> Bars:
        """Read, judge and label the rows; raise `DataError` where they cannot be used."""
        raw, told = read_tables(self.files, self.read, self.tickers)
        gone = None if self.delistings is None else read_delistings(self.delistings, self.clock)
        return self.prepared().bars(raw, file=self.path, told=told | self.told(), delistings=gone)

    def read(self, file: Path, ticker: str) -> pl.DataFrame:
        """Return the canonical rows of one file."""
        return read_parquet_rows(file, self.columns, ticker=ticker)

    def prepared(self) -> Preparation:
        """Return the settings of the stages, all of them known."""
        return self.preparation

    def told(self) -> dict[str, Any]:
        """Return what the source says of its reading, for the report."""
        return {}

    def fingerprint(self) -> dict[str, Any]:
        """Return the SHA-256 of the files and the settings; where the files lie does not matter."""
        return {
            "source": self.kind,
            "sha256": tables_sha256(self.files),
            "columns": self.columns.model_dump(),
            "tickers": self.tickers,
            "delistings": None if self.delistings is None else sha256(self.delistings),
            **self.prepared().fingerprint(),
        }
