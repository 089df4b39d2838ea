"""Rows of Parquet or CSV: one file, or a folder with a file a ticker."""

import hashlib
from pathlib import Path
from typing import Literal

import polars as pl
from polars.exceptions import PanicException, PolarsError

from ploutos.data.columns import ColumnNames, canonical
from ploutos.data.files import existing_file, require_columns, sha256
from ploutos.types import DataError

Kind = Literal["parquet", "csv"]
SUFFIXES: dict[Kind, tuple[str, ...]] = {"parquet": (".parquet", ".pq"), "csv": (".csv", ".csv.gz", ".txt")}


def read_tables(path: str, kind: Kind, names: ColumnNames, tickers: list[str] | None) -> pl.DataFrame:
    """Return the canonical rows (see `columns.canonical`) of the file or of all files of the folder `path`.

    Rows of other than `tickers` are left out before anything is judged; null takes all.

    Raises
    ------
    DataError
        A missing or unreadable file, a folder without such files, a missing column (the nearest one is named),
        no rows.
    """
    files = table_files(path, kind)
    frames = []
    for file in files:
        if names.ticker is None and tickers is not None and file.stem not in tickers:
            continue
        frame = canonical(_read(file, kind, names), names, file)
        if tickers is not None:
            frame = frame.filter(pl.col("ticker").is_in(tickers))
        frames.append(frame)
    if not frames or not sum(frame.height for frame in frames):
        wanted = "" if tickers is None else f" of the tickers {', '.join(tickers)}"
        raise DataError(f"{path} has no rows{wanted}")
    return pl.concat(_alike(frames), how="vertical_relaxed")


def table_files(path: str, kind: Kind) -> list[Path]:
    """Return the file `path`, or the files of that kind in the folder `path`, sorted by name."""
    folder = Path(path).expanduser()
    if not folder.is_dir():
        return [existing_file(path)]
    files = sorted(file for file in folder.iterdir() if file.name.lower().endswith(SUFFIXES[kind]))
    if not files:
        raise DataError(f"{folder} holds no file that ends in {', '.join(SUFFIXES[kind])}")
    return files


def tables_sha256(path: str, kind: Kind, *, named: bool) -> str:
    """Return a SHA-256 of the content of the files; of their names too where they are `named` by ticker."""
    files = table_files(path, kind)
    if len(files) == 1 and not named:
        return sha256(files[0])
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.stem if named else ''}\0{sha256(file)}\n".encode())
    return digest.hexdigest()


def _read(file: Path, kind: Kind, names: ColumnNames) -> pl.DataFrame:
    columns = list(names.in_file().values())
    try:
        if kind == "parquet":
            require_columns(file, list(pl.read_parquet_schema(file)), columns)
            return pl.read_parquet(file, columns=columns)
        require_columns(file, list(pl.scan_csv(file).collect_schema()), columns)
        frame = pl.read_csv(file, columns=columns, try_parse_dates=True, infer_schema_length=10_000)
        return _dated(frame, names.ts)
    except (PolarsError, PanicException, OSError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"{file} cannot be read as {kind}: {reason}") from error


def _dated(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return a CSV's rows with the times that its own inference left as text."""
    if frame.schema[column] != pl.String:
        return frame
    return frame.with_columns(pl.col(column).str.to_datetime(time_unit="us", strict=False))


def _alike(frames: list[pl.DataFrame]) -> list[pl.DataFrame]:
    """Return the frames with one type of `ts`: files without rows or with other units must not decide it."""
    kept = [frame for frame in frames if not frame.is_empty()]
    dtype = kept[0].schema["ts"]
    return [frame.with_columns(pl.col("ts").cast(dtype)) for frame in kept]
