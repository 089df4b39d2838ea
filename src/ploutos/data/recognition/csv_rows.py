"""From columns of text to the rows that all stages share."""

from pathlib import Path

import polars as pl

from ploutos.data.columns import EXTRAS
from ploutos.data.files import require_columns
from ploutos.data.recognition.layout import Layout
from ploutos.data.recognition.table import HEADER_TICKER, read_table
from ploutos.data.texts.numerals import numbers
from ploutos.data.texts.times import times
from ploutos.types.bars import PRICE_COLUMNS

COMPACT = {"%H%M%S": 6, "%H%M": 4}
"""Digits of times of day without signs between, which spreadsheets strip of zeros in front."""


def read_rows(file: Path, layout: Layout, *, ticker: str) -> pl.DataFrame:
    """Return `ts`, `ticker`, prices, `volume` and the extras that there are, typed, as `columns.canonical`.

    Parameters
    ----------
    ticker : of every row, where neither a column nor the names of the columns tell.

    Raises
    ------
    DataError
        Missing columns; the first text that is no time or number.
    """
    table = read_table(file, layout.structure)
    names = layout.columns
    require_columns(file, [n for n in table.columns if n != HEADER_TICKER], names.in_file().values())
    found = {"ts": _ts(table, layout, file), "ticker": _tickers(table, layout, ticker)}
    for role in (*PRICE_COLUMNS, "adjusted_close", "volume", "split", "dividend"):
        name = getattr(names, role)
        if name is None:
            continue
        numerals = layout.volumes if role == "volume" else layout.prices
        found[role] = numbers(table[name], where=f"{file}: {name}", numerals=numerals)
    if names.asof is not None:
        found["asof"] = times(table[names.asof], None, where=f"{file}: {names.asof}")
    frame = pl.DataFrame({name: column.alias(name) for name, column in found.items()})
    if names.volume is None:
        frame = frame.with_columns(pl.lit(0.0).alias("volume"))
    if names.adjusted_close is not None:
        frame = _adjusted(frame)
    return frame.select(n for n in ("ts", "ticker", *PRICE_COLUMNS, "volume", *EXTRAS) if n in frame.columns)


def joined_times(
    table: pl.DataFrame, date: str, clock: str | None, ts_format: str | None = None
) -> pl.Series:
    """Return the texts of the times, of date and time of day with a space between where `clock` names one."""
    if clock is None:
        return table[date]
    day, hour = table[date].str.strip_chars(), table[clock].str.strip_chars()
    digits = hour.str.contains(r"^\d+$")
    if digits.any():
        longest = max(hour.filter(digits.fill_null(False)).str.len_chars().to_list())
        wanted = next((n for end, n in COMPACT.items() if (ts_format or "").endswith(f" {end}")), None)
        padded = hour.str.zfill(wanted or (6 if longest > 4 else 4))
        hour = padded.zip_with(digits.fill_null(False), hour)
    return (day + " " + hour).alias(date)


def _ts(table: pl.DataFrame, layout: Layout, file: Path) -> pl.Series:
    names = layout.columns
    text = joined_times(table, names.ts, names.time, names.ts_format)
    called = names.ts if names.time is None else f"{names.ts} and {names.time}"
    return times(text, names.ts_format, where=f"{file}: {called}")


def _tickers(table: pl.DataFrame, layout: Layout, ticker: str) -> pl.Series:
    if layout.columns.ticker is not None:
        return table[layout.columns.ticker].str.strip_chars()
    if layout.structure.tickers_line is not None:
        return table[HEADER_TICKER]
    return pl.Series([ticker], dtype=pl.String).new_from_index(0, table.height)


def _adjusted(frame: pl.DataFrame) -> pl.DataFrame:
    """Multiply the prices by the ratio of adjusted close to close, and take the adjusted close itself."""
    factor = pl.col("adjusted_close") / pl.col("close")
    return frame.with_columns(
        *(pl.col(name) * factor for name in PRICE_COLUMNS if name != "close"), close="adjusted_close"
    )
