"""Reading Parquet files with errors that a user can act on."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import polars as pl
from polars.exceptions import PanicException, PolarsError

from ploutos.types import DataError, nearest


def place(path: str | Path) -> Path:
    """Return the path, with ~ as the user's folder; ~name where nobody is called so is a name like others."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def existing_file(
    path: str | Path, *, called: str = "Parquet", endings: tuple[str, ...] = (".parquet",)
) -> Path:
    """Return `path` as an existing file, or raise `DataError` naming the nearest one beside it."""
    file = place(path)
    if file.is_file():
        return file
    if file.is_dir():
        raise DataError(
            f"{file} is a folder, not a {called} file.{_beside(file, file.name, called, endings)}"
        )
    if not file.parent.is_dir():
        raise DataError(f"{file} does not exist: there is no folder {file.parent}")
    raise DataError(f"{file} does not exist.{_beside(file.parent, file.name, called, endings)}")


def _beside(folder: Path, name: str, called: str, endings: tuple[str, ...]) -> str:
    hint = nearest(name, (p.name for p in folder.iterdir() if p.name.lower().endswith(endings)))
    return f" Nearest: '{folder / hint}'." if hint else f" There is no {called} file in {folder}."


def first_line(error: BaseException) -> str:
    """Return what a library's error says in its first line."""
    return (str(error).splitlines() or [type(error).__name__])[0]


def sha256(path: str | Path) -> str:
    """Return the SHA-256 of the file's bytes in hexadecimal."""
    with existing_file(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_columns(path: str | Path, columns: Iterable[str]) -> pl.DataFrame:
    """Read `columns` of a Parquet file in this order; other columns are ignored.

    Raises
    ------
    DataError
        Missing or unreadable file, missing column (the nearest one is named), or no rows.
    """
    file = existing_file(path)
    wanted = list(columns)
    try:
        require_columns(file, parquet_columns(file), wanted)
        # The path is a path, not a pattern: prices[2].parquet is not prices2.parquet.
        frame = pl.read_parquet(file.absolute(), columns=wanted, glob=False).select(wanted)
    except (PolarsError, PanicException, OSError) as error:
        raise DataError(f"{file} cannot be read as Parquet: {first_line(error)}") from error
    if frame.is_empty():
        raise DataError(f"{file} has no rows")
    return frame


def parquet_columns(file: Path) -> list[str]:
    """Return the names of the columns of a Parquet file."""
    with file.open("rb") as stream:
        return list(pl.read_parquet_schema(stream))


def require_columns(file: Path, available: list[str], wanted: Iterable[str]) -> None:
    """Refuse a table that lacks some of the `wanted` columns; all of them are named, with the nearest."""
    missing = [column for column in dict.fromkeys(wanted) if column not in available]
    if missing:
        raise missing_columns(file, available, missing, [])


def missing_columns(file: Path, available: list[str], missing: list[str], lost: list[str]) -> DataError:
    """Build the error for columns that are `missing` by name, and for roles for which none is recognised."""
    parts = []
    if missing:
        quoted = [f"'{name}'" for name in missing]
        near = [f"'{hint}'" for name in missing if (hint := nearest(name, available))]
        what = f"column {quoted[0]} is" if len(missing) == 1 else f"columns {_listed(quoted)} are"
        parts.append(f"{what} missing.{f' Nearest: {_listed(near)}.' if near else ''}")
    if lost:
        parts.append(
            f"no column is recognised as {_listed(lost)}: name {'them' if len(lost) > 1 else 'it'} in"
            " data.columns; one column may stand for several prices."
        )
    return DataError(f"{file}: {' '.join(parts)} Available: {', '.join(available) or 'none'}")


def _listed(words: list[str]) -> str:
    return ", ".join(words[:-1]) + (" and " if len(words) > 1 else "") + words[-1]
