"""From files and the settings that are given to the whole layout: what is seen, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ploutos.data.recognition.csv_rows import joined_times
from ploutos.data.recognition.layout import AUTO, Auto, CsvColumns, Format, Layout, Structure
from ploutos.data.recognition.moments import recognise_bar_minutes, recognise_format
from ploutos.data.recognition.steps import (
    check_encoding,
    check_tickers,
    columns_of,
    length_told,
    require_alike,
    require_same_columns,
    signs_of,
    tickers_of_rows,
    without_second_clock,
)
from ploutos.data.recognition.structure import Hints, recognise_structures
from ploutos.data.recognition.table import read_table
from ploutos.data.texts.times import times
from ploutos.types import DataError


@dataclass(frozen=True)
class Recognised:
    """The layout of the files, and a line for each decision that names alone do not explain."""

    layout: Layout
    why: tuple[str, ...]


def recognise(
    files: Sequence[Path],
    format: Format,
    columns: CsvColumns,
    bar_minutes: int | Auto | None,
    *,
    adjusted: bool,
) -> Recognised:
    """Return the layout that reads all `files`, from the whole of their content.

    Parameters
    ----------
    format, columns, bar_minutes : what is set; only what is `auto` is recognised.
    adjusted : whether prices are to be adjusted, so that an adjusted close beside the close is taken.

    Raises
    ------
    DataError
        The files are no tables of bars, differ from each other, or have two readings that give other data.
    """
    if not adjusted and columns.adjusted_close == AUTO:
        columns = columns.model_copy(update={"adjusted_close": None})
    told = columns.model_dump(exclude={"ts_format"})
    hints = Hints(columns.ts_format, tuple(n for n in told.values() if n not in (AUTO, None)))
    found: list[Recognised] = []
    first_reason: DataError | None = None
    for structure in recognise_structures(files[0], format, hints):
        try:
            found.append(_under(files, structure, format, columns, bar_minutes, hints))
        except DataError as error:
            first_reason = first_reason or error
    if not found:
        assert first_reason is not None
        raise first_reason
    if len(found) > 1:
        signs = " or ".join(one.layout.structure.delimiter for one in found)
        raise DataError(f"{files[0]}: fields may be separated by {signs}; set data.format.delimiter")
    return found[0]


def _under(
    files: Sequence[Path],
    structure: Structure,
    format: Format,
    columns: CsvColumns,
    bar_minutes: int | Auto | None,
    hints: Hints,
) -> Recognised:
    """Return what is recognised under one structure."""
    for other in files[1:]:
        require_alike(files[0], structure, other, recognise_structures(other, format, hints))
    tables = [read_table(file, structure) for file in files]
    require_same_columns(files, tables)
    whole = pl.concat(tables)
    where = str(files[0]) if len(files) == 1 else str(files[0].parent)
    why: list[str] = []
    chosen = columns_of(files[0], whole, structure, columns, why)
    if whole.is_empty():
        raise DataError(f"{files[0]} has no rows")
    chosen = without_second_clock(whole, chosen, columns, where)
    joined = joined_times(whole, str(chosen["ts"]), chosen["time"], columns.ts_format)
    called = f"{where}: {' and '.join(n for n in (chosen['ts'], chosen['time']) if n)}"
    ts_format = columns.ts_format
    if ts_format == AUTO:
        ts_format = recognise_format(joined, where=called)
    ts = times(joined, ts_format, where=called)
    heights = [table.height for table in tables]
    ticker = tickers_of_rows(whole, chosen, structure, heights)
    check_tickers(whole, chosen, ticker, ts, structure, where)
    check_encoding(ticker, structure, format, where)
    if bar_minutes == AUTO:
        bar_minutes = recognise_bar_minutes(ts, ticker, where=where)
        why.append(length_told(bar_minutes))
    prices, volumes = signs_of(whole, chosen, format, why, where)
    names = CsvColumns(**{**chosen, "ts_format": ts_format})
    return Recognised(
        Layout(structure=structure, columns=names, prices=prices, volumes=volumes, bar_minutes=bar_minutes),
        tuple(why),
    )
