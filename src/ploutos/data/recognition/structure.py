"""Where the rows begin and end, and which sign separates the fields."""

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ploutos.data.recognition.content import read_text
from ploutos.data.recognition.header import Header, column_names, recognise_header
from ploutos.data.recognition.layout import AUTO, DELIMITERS, Format, Structure
from ploutos.data.recognition.names import score
from ploutos.data.texts.time_formats import formats_of
from ploutos.data.texts.times import times
from ploutos.types import ConfigError, DataError

SAMPLE = 80  # lines at the head that are looked at
TAIL = 12  # lines at the end that may be footers
REGULAR = 0.8  # share of the sampled rows that have one and the same number of fields
KNOWN = 3  # names of columns that make a line one of names, where no row is recognised


@dataclass(frozen=True)
class Hints:
    """What the settings say that helps to tell a row from a line of names."""

    ts_format: str | None
    names: tuple[str, ...]


def recognise_structures(file: Path, format: Format, hints: Hints) -> list[Structure]:
    """Return the structures under which the file is a table with rows of a time and numbers, best first.

    Raises
    ------
    DataError
        There is none, with the first line that could not be used.
    """
    text, encoding = read_text(file, format.encoding)
    lines = text.split("\n")
    if not any(line.strip() for line in lines):
        raise DataError(f"{file} cannot be read as CSV: empty file")
    names = list(DELIMITERS) if format.delimiter == AUTO else [format.delimiter]
    found, reasons = [], []
    for name in names:
        try:
            found.append(_structure(lines, encoding, name, format, hints))
        except _NoTable as reason:
            reasons.append(str(reason))
    if not found:
        shown = next(line for line in lines if line.strip()).strip()[:80]
        untold = f"no line holds a time and numbers, and none names columns; the first is '{shown}'"
        raise DataError(f"{file}: {next((r for r in reasons if r), untold)}; see data.format")
    return found


class _NoTable(Exception):
    """The file is no table under a delimiter; the text says why where that is worth saying."""


def _structure(lines: list[str], encoding: str, delimiter: str, format: Format, hints: Hints) -> Structure:
    sign = DELIMITERS.get(delimiter, delimiter)
    head = [split(line, sign) for line in lines[:SAMPLE]]
    first = _first_row(head, hints)
    skipped, block = _lines_above(head, first, format, hints)
    header = recognise_header(block)
    if format.header_lines == 0:
        header = Header(0, None, None)
    elif isinstance(format.header_lines, int):
        header = Header(format.header_lines, header.names_line, header.tickers_line)
    names_line = header.names_line if format.names_line == AUTO else format.names_line
    tickers_line = header.tickers_line if format.tickers_line == AUTO else format.tickers_line
    skip = skipped + len(block) - header.header_lines
    if isinstance(format.skip_lines, int):
        skip = format.skip_lines
    for key, line in (("names_line", names_line), ("tickers_line", tickers_line)):
        if isinstance(line, int) and line > header.header_lines:
            raise ConfigError(
                f"data.format.{key}: {line} is more than the {header.header_lines} header_lines"
            )
    width = len(head[first]) if first is not None else len(block[-1])
    footer = _footers(lines, sign, width, hints) if format.footer_lines == AUTO else format.footer_lines
    return Structure(
        encoding=encoding,
        delimiter=delimiter,
        skip_lines=skip,
        header_lines=header.header_lines,
        names_line=names_line,
        tickers_line=tickers_line,
        footer_lines=footer,
    )


def split(line: str, sign: str) -> list[str]:
    """Return the fields of one line."""
    try:
        return next(csv.reader([line], delimiter=sign), [])
    except csv.Error:
        return [line]


def names_of(file: Path, structure: Structure) -> list[tuple[str, str | None]]:
    """Return name and ticker of each column of the file, see `header.column_names`."""
    lines = read_text(file, structure.encoding)[0].split("\n")
    start = structure.skip_lines
    block = [split(line, structure.sign) for line in lines[start : start + structure.header_lines]]
    rows = (line for line in lines[start + structure.header_lines :] if line.strip())
    width = max(len(split(next(rows, ""), structure.sign)), max(map(len, block), default=0))
    return column_names(block, structure.names_line, structure.tickers_line, width)


def is_time(text: str, hints: Hints) -> bool:
    """Return whether a field looks like a time, by the shape of times or by the format that is set."""
    if formats_of(text):
        return True
    if hints.ts_format in (None, AUTO) or not text.strip():
        return False
    try:
        import polars as pl

        return times(pl.Series([text]), hints.ts_format, where="").null_count() == 0
    except (DataError, ConfigError):
        return False


def _is_row(fields: list[str], hints: Hints) -> bool:
    """Return whether a line holds a time and at least one number besides."""
    if len(fields) < 3:
        return False
    timely = [is_time(field, hints) for field in fields]
    return (
        any(timely) and sum(_has_digits(f) for f, time in zip(fields, timely, strict=True) if not time) >= 1
    )


def _has_digits(field: str) -> bool:
    letters = sum(sign.isalpha() for sign in field)
    return any(sign.isdigit() for sign in field) and letters <= 4


def _first_row(head: list[list[str]], hints: Hints) -> int | None:
    """Return the first row; None where no line is one, or the lines that are have too many widths."""
    rows = [n for n, fields in enumerate(head) if _is_row(fields, hints)]
    if not rows:
        return None
    width, _ = Counter(len(head[n]) for n in rows).most_common(1)[0]
    first = next(n for n in rows if len(head[n]) == width)
    after = [fields for fields in head[first:] if any(field.strip() for field in fields)]
    regular = sum(len(fields) == width for fields in after)
    return first if regular >= REGULAR * len(after) else None


def _lines_above(
    head: list[list[str]], first: int | None, format: Format, hints: Hints
) -> tuple[int, list[list[str]]]:
    """Return how many lines precede the lines of names, and those."""
    if isinstance(format.skip_lines, int) and isinstance(format.header_lines, int):
        start = format.skip_lines
        return start, head[start : start + format.header_lines]
    if first is None:
        named = (n for n, fields in enumerate(head) if _names_columns(fields, hints))
        line = next(named, None)
        if line is None:
            raise _NoTable
        return line, [head[line]]
    width = len(head[first])
    start = first
    while start > 0 and (abs(len(head[start - 1]) - width) <= 1 or not _filled(head[start - 1])):
        start -= 1
    if start > 0 and _names_columns(head[start - 1], hints) and not _filled_lines(head[start:first]):
        raise _NoTable(
            f"line {start} names {len(head[start - 1])} columns, line {first + 1} has {width} fields;"
            " is a decimal comma without quotes?"
        )
    if isinstance(format.skip_lines, int):
        start = max(start, format.skip_lines)
    return start, head[start:first]


def _filled(fields: list[str]) -> bool:
    return any(field.strip() for field in fields)


def _filled_lines(lines: list[list[str]]) -> bool:
    return any(_filled(fields) for fields in lines)


def _names_columns(fields: list[str], hints: Hints) -> bool:
    stripped = {field.strip() for field in fields}
    return score(fields) >= KNOWN or (bool(hints.names) and set(hints.names) <= stripped)


def _footers(lines: list[str], sign: str, width: int, hints: Hints) -> int:
    """Return how many lines at the end are no rows; empty ones do not count."""
    last = len(lines)
    while last and not lines[last - 1].strip():
        last -= 1
    count = 0
    for line in reversed(lines[max(last - TAIL, 0) : last]):
        if not line.strip():
            continue
        fields = split(line, sign)
        held = sum(bool(field.strip()) for field in fields)
        if held >= max(2, width // 2) or any(is_time(field, hints) for field in fields):
            break
        count += 1
    return count
