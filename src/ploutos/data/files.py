"""Reading Parquet files with errors that a user can act on."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import polars as pl
from polars.exceptions import PanicException, PolarsError

from ploutos.types import DataError, nearest


def existing_file(
    path: str | Path, *, called: str = "Parquet", endings: tuple[str, ...] = (".parquet",)
) -> Path:
    """Return `path` as an existing file, or raise `DataError` naming the nearest one beside it."""
    file = Path(path).expanduser()
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
        require_columns(file, list(pl.read_parquet_schema(file)), wanted)
        frame = pl.read_parquet(file, columns=wanted).select(wanted)
    except (PolarsError, PanicException, OSError) as error:
        raise DataError(f"{file} cannot be read as Parquet: {first_line(error)}") from error
    if frame.is_empty():
        raise DataError(f"{file} has no rows")
    return frame


def require_columns(file: Path, available: list[str], wanted: Iterable[str]) -> None:
    """Refuse a table that lacks one of the `wanted` columns; the nearest one is named."""
    for column in wanted:
        if column not in available:
            hint = nearest(column, available)
            near = f" Nearest: '{hint}'." if hint else ""
            listed = ", ".join(available) or "none"
            raise DataError(f"{file}: column '{column}' is missing.{near} Available: {listed}")
