"""The rows of a file as columns of text, one row a ticker and time."""

import io
from pathlib import Path

import polars as pl
from polars import read_csv  # bound here: the audit changes what a reader returns, see `csv_rows`
from polars.exceptions import PanicException, PolarsError

from ploutos.data.files import first_line
from ploutos.data.recognition.content import read_text
from ploutos.data.recognition.header import column_names
from ploutos.data.recognition.layout import Structure
from ploutos.data.recognition.structure import split
from ploutos.types import DataError

HEADER_TICKER = "\0ticker"
"""Name of the column that holds what the line of tickers says."""


def read_table(file: Path, structure: Structure) -> pl.DataFrame:
    """Return the columns of `file` as text under the names of its header, `HEADER_TICKER` among them.

    Empty fields are null; lines without any field are left out. Of a file whose header names tickers there
    is a row a ticker and line, but for lines that hold nothing of it.

    Raises
    ------
    DataError
        A line with more fields than there are columns.
    """
    text, _ = read_text(file, structure.encoding)
    lines = text.split("\n", structure.skip_lines + structure.header_lines)
    block = [split(line, structure.sign) for line in lines[structure.skip_lines : -1]]
    body = lines[-1] if len(lines) > structure.skip_lines + structure.header_lines else ""
    body = _without_footer(body, structure.footer_lines)
    start = next((line for line in body.split("\n", 50) if line.strip()), "")
    width = max(len(split(start, structure.sign)), max(map(len, block), default=0))
    if structure.header_lines and len(block) < structure.header_lines:
        raise DataError(f"{file} has no rows")
    names = column_names(block, structure.names_line, structure.tickers_line, width)
    frame = _parsed(file, body, structure.sign, width)
    frame = frame.filter(~pl.all_horizontal(pl.all().is_null()))
    if structure.tickers_line is None:
        return frame.rename(dict(zip(frame.columns, (name for name, _ in names), strict=True)))
    return _long(frame, names)


def _parsed(file: Path, body: str, sign: str, width: int) -> pl.DataFrame:
    schema = {f"{n}": pl.String for n in range(width)}
    if not body.strip():
        return pl.DataFrame(schema=schema)
    try:
        return read_csv(
            io.BytesIO(body.encode()), has_header=False, separator=sign, schema=schema, infer_schema=False
        )
    except (PolarsError, PanicException, OSError) as error:
        reason = first_line(error)
        if "more fields" in reason:
            wide = next((n for n, line in enumerate(body.split("\n")) if len(split(line, sign)) > width), 0)
            reason = f"row {wide + 1} has more than {width} fields"
        raise DataError(f"{file} cannot be read as CSV: {reason}") from error


def _without_footer(body: str, lines: int) -> str:
    for _ in range(lines):
        body = body.rstrip("\n").rpartition("\n")[0]
    return body


def _long(frame: pl.DataFrame, names: list[tuple[str, str | None]]) -> pl.DataFrame:
    """Return the rows ticker below ticker, of columns that belong to one ticker or to all."""
    tickers = list(dict.fromkeys(ticker for _, ticker in names if ticker is not None))
    parts = []
    for ticker in tickers:
        own = [pl.col(frame.columns[n]).alias(name) for n, (name, t) in enumerate(names) if t == ticker]
        shared = [pl.col(frame.columns[n]).alias(name) for n, (name, t) in enumerate(names) if t is None]
        part = frame.select(*shared, *own, pl.lit(ticker).alias(HEADER_TICKER))
        held = [expression.meta.output_name() for expression in own]
        parts.append(part.filter(~pl.all_horizontal(pl.col(held).is_null())))
    return pl.concat(parts, how="diagonal")
