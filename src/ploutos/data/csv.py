"""Bars from CSV files."""

from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import polars as pl

from ploutos.data.corporate.adjusted import Adjusted
from ploutos.data.preparation import DelistingReturn, Preparation, ResampleMinutes
from ploutos.data.recognition import csv_rows
from ploutos.data.recognition.layout import AUTO, Auto, CsvColumns, Format, Layout, settled
from ploutos.data.recognition.recognise import Recognised, recognise
from ploutos.data.table_source import TableSource
from ploutos.data.tables import Files, Kind
from ploutos.types import ConfigError, NonNegativeInt, PositiveInt, Ticker, checked


class Csv(TableSource):
    """A CSV file or a folder of them; what is `auto` is recognised from the whole of their content.

    Parameters
    ----------
    format : how the text is written.
    columns : what the columns are called.
    bar_minutes : minutes of a bar; null is one bar a session.

    All others as in `TableSource`. The settings that are recognised belong to the fingerprint, as if they had
    been given.
    """

    kind: ClassVar[Kind] = "csv"
    columns: CsvColumns

    @checked
    def __init__(
        self,
        *,
        path: str,
        format: Format,
        columns: CsvColumns,
        tickers: list[Ticker] | None,
        label: Literal["open", "close"],
        bar_minutes: PositiveInt | Auto | None,
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
        super().__init__(
            path=path,
            columns=columns,
            tickers=tickers,
            label=label,
            bar_minutes=None if isinstance(bar_minutes, str) else bar_minutes,
            input_timezone=input_timezone,
            partial_bars=partial_bars,
            resample_minutes=resample_minutes,
            resample_anchor=resample_anchor,
            delisted_after_sessions=delisted_after_sessions,
            delisting_return=delisting_return,
            delistings=delistings,
            calendar=calendar,
            quality=quality,
            actions=actions,
        )
        self.format = format
        self.bar_minutes = bar_minutes
        self.adjusted = isinstance(actions, Adjusted)
        if columns.adjusted_close not in (None, AUTO) and not self.adjusted:
            raise ConfigError(
                f"data.columns.adjusted_close: '{columns.adjusted_close}' holds splits and dividends already;"
                " take data/actions=adjusted, or null"
            )

    @cached_property
    def recognised(self) -> Recognised:
        """Return the layout; the files are looked at only where a setting is `auto`."""
        layout = settled(self.format, self.columns, self.bar_minutes)
        if layout is not None:
            return Recognised(layout, ())
        named = Files(self.path, self.kind, self.columns.ticker is None).chosen(self.tickers)
        return recognise(named, self.format, self.columns, self.bar_minutes, adjusted=self.adjusted)

    @property
    def layout(self) -> Layout:
        """Return all settings of the reader."""
        return self.recognised.layout

    @property
    def files(self) -> Files:
        """Return where the rows are."""
        by_name = self.layout.columns.ticker is None and self.layout.structure.tickers_line is None
        return Files(self.path, self.kind, by_name)

    def read(self, file: Path, ticker: str) -> pl.DataFrame:
        """Return the canonical rows of one file."""
        return csv_rows.read_rows(file, self.layout, ticker=ticker)

    def prepared(self) -> Preparation:
        """Return the settings of the stages, with the length of the bars."""
        return self.preparation.having(bar_minutes=self.layout.bar_minutes)

    def told(self) -> dict[str, Any]:
        """Return the settings of the reader and why they are so."""
        return {"layout": self.layout.settings(), "layout_why": list(self.recognised.why)}

    def fingerprint(self) -> dict[str, Any]:
        """Return the SHA-256 of the files and all settings, given or recognised."""
        return super().fingerprint() | self.layout.settings()
