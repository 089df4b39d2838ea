"""The single decisions of `recognise`, each with what it refuses."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from ploutos.data.recognition.choose import Chosen, choose_columns
from ploutos.data.recognition.content import WESTERN
from ploutos.data.recognition.digits import recognise_numerals
from ploutos.data.recognition.layout import AUTO, CsvColumns, Format, Structure
from ploutos.data.recognition.moments import held_texts
from ploutos.data.recognition.nameless import choose_by_values
from ploutos.data.recognition.table import HEADER_TICKER
from ploutos.data.texts.epochs import is_epoch
from ploutos.data.texts.numerals import Numerals
from ploutos.types import DataError

NUMBERS = ("open", "high", "low", "close", "adjusted_close", "dividend")
WITH_CLOCK = r"\d[T ,]+\d{1,2}:\d{2}|\d{8}[ T]?\d{6}$"


def require_alike(first: Path, structure: Structure, other: Path, found: Sequence[Structure]) -> None:
    """Refuse a file of a folder that is written unlike the first."""
    ours = structure.model_dump()
    if any(ours == one.model_dump() for one in found):
        return
    theirs = found[0].model_dump()
    key = next(key for key in ours if ours[key] != theirs[key])
    raise DataError(
        f"{other}: {key} is {theirs[key]}, that of {first.name} is {ours[key]}; a folder holds files of one"
        " layout"
    )


def require_same_columns(files: Sequence[Path], tables: Sequence[pl.DataFrame]) -> None:
    """Refuse a file of a folder whose columns differ from those of the first."""
    for file, table in zip(files, tables, strict=True):
        if table.columns != tables[0].columns:
            raise DataError(
                f"{file}: its columns are {', '.join(table.columns)}, those of {files[0].name} are"
                f" {', '.join(tables[0].columns)}; a folder holds files of one layout"
            )


def columns_of(
    file: Path, table: pl.DataFrame, structure: Structure, columns: CsvColumns, why: list[str]
) -> Chosen:
    """Return the column of each role, by name or, where there are no names, by what the columns hold."""
    needed = {role: name for role, name in columns.model_dump(exclude={"ts_format"}).items() if name == AUTO}
    if structure.names_line is None and needed:
        given = [n for n in columns.model_dump(exclude={"ts_format"}).values() if n not in (AUTO, None)]
        by_values = choose_by_values(file, table, given)
        columns = columns.model_copy(update={role: by_values.get(role) for role in needed})
        why.append("no line names the columns: the prices are told by which is always highest and lowest")
    return choose_columns(file, table, columns)


def without_second_clock(table: pl.DataFrame, chosen: Chosen, columns: CsvColumns, where: str) -> Chosen:
    """Leave out a column of times of day that repeats what the times hold; refuse one that contradicts it."""
    date, clock = chosen["ts"], chosen["time"]
    if clock is None or columns.time != AUTO:
        return chosen
    texts = held_texts(table[str(date)])
    if all(is_epoch(text) for text in texts.drop_nulls().head(50)):
        return chosen | {"time": None}
    if not texts.str.contains(WITH_CLOCK).any():
        return chosen
    hours = held_texts(table[clock])
    repeated = pl.DataFrame({"ts": texts, "clock": hours}).select(
        pl.col("ts").str.contains(pl.col("clock"), literal=True)
    )
    if repeated.to_series().fill_null(True).all():
        return chosen | {"time": None}
    raise DataError(
        f"{where}: {date} is '{texts.drop_nulls()[0]}' and {clock} is '{hours.drop_nulls()[0]}', both times"
        " of day; set data.columns.time=null, or data.columns.ts to another column"
    )


def tickers_of_rows(
    table: pl.DataFrame, chosen: Chosen, structure: Structure, heights: Sequence[int]
) -> pl.Series:
    """Return the ticker of each row; the number of its file where that is named after it."""
    if chosen["ticker"] is not None:
        return table[chosen["ticker"]].alias("ticker")
    if structure.tickers_line is not None:
        return table[HEADER_TICKER].alias("ticker")
    numbers = pl.Series("ticker", range(len(heights)), dtype=pl.Int64).repeat_by(pl.Series(heights)).explode()
    return numbers.cast(pl.String)


def check_tickers(
    table: pl.DataFrame, chosen: Chosen, ticker: pl.Series, ts: pl.Series, structure: Structure, where: str
) -> None:
    """Refuse a table of many tickers whose column of tickers is not recognised: it would look like one."""
    if chosen["ticker"] is not None or structure.tickers_line is not None:
        return
    keys = pl.DataFrame({"ticker": ticker, "ts": ts}).drop_nulls()
    if not keys.is_duplicated().any():
        return
    for name in table.columns:
        if name in chosen.values():
            continue
        texts = held_texts(table[name])
        worded = texts.str.contains(r"\p{L}").any()
        told = pl.DataFrame({"ticker": texts, "ts": ts}).drop_nulls()
        if worded and told.height > 1 and not told.is_duplicated().any():
            raise DataError(
                f"{where}: {ts[int(keys.is_duplicated().arg_max() or 0)]} occurs more than once, and '{name}'"
                f" tells the rows apart; set data.columns.ticker='{name}'"
            )


def check_encoding(ticker: pl.Series, structure: Structure, format: Format, where: str) -> None:
    """Refuse tickers whose letters depend on an encoding that the file does not tell."""
    if format.encoding != AUTO or structure.encoding != WESTERN:
        return
    foreign = ticker.filter(ticker.str.contains(r"[^\x00-\x7f]"))
    if not foreign.is_empty():
        other = foreign[0].encode(WESTERN, "replace").decode("cp1251", "replace")
        raise DataError(
            f"{where}: ticker is '{foreign[0]}' in {WESTERN} or '{other}' in cp1251; set data.format.encoding"
        )


def signs_of(
    table: pl.DataFrame, chosen: Chosen, format: Format, why: list[str], where: str
) -> tuple[Numerals, Numerals]:
    """Return the signs in prices and volumes; what is set is taken as it is."""
    prices = {role: table[str(chosen[role])] for role in NUMBERS if chosen.get(role) is not None}
    volume = None if chosen["volume"] is None else table[str(chosen["volume"])]
    used = {name for name in chosen.values() if name is not None}
    others = [table[n] for n in table.columns if n not in used and not n.startswith("\0")]
    price, shares, told = recognise_numerals(prices, volume, others, format, where=where)
    why += told
    return price, shares


def length_told(bar_minutes: int | None) -> str:
    """Return the length of the bars in words."""
    if bar_minutes is None:
        return "one bar a session: times are dates, or lie a day or more apart"
    return f"bars of {bar_minutes} minutes: no two of a ticker lie closer, and most so far apart"
