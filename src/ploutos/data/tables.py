"""Rows of Parquet or CSV: one file, or a folder with a file a ticker."""

import hashlib
from pathlib import Path
from typing import Any, Literal

import polars as pl
from polars.exceptions import PanicException, PolarsError

from ploutos.data.columns import ColumnNames, canonical
from ploutos.data.files import existing_file, first_line, require_columns, sha256
from ploutos.types import DataError, one_of

Kind = Literal["parquet", "csv"]
CALLED: dict[Kind, str] = {"parquet": "Parquet", "csv": "CSV"}
ENDINGS: dict[Kind, tuple[str, ...]] = {"parquet": (".parquet", ".pq"), "csv": (".csv", ".csv.gz", ".txt")}


def read_tables(
    path: str, kind: Kind, names: ColumnNames, tickers: list[str] | None
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Return the canonical rows (see `columns.canonical`) of the file or of all files of the folder `path`.

    Rows of other than `tickers` are left out before anything is judged, and counted; null takes all.

    Raises
    ------
    DataError
        A missing or unreadable file, a folder without such files, no rows, a missing column; the nearest one
        is named. Files whose times do not go together.
    ConfigError
        A ticker that is not there; the nearest one is named.
    """
    files = table_files(path, kind)
    everyone: set[str] = set()
    frames, others = [], 0
    for file in files:
        ticker = ticker_of(file, kind)
        if names.ticker is None:
            everyone.add(ticker)
            if tickers is not None and ticker not in tickers:
                continue
        rows = canonical(_read(file, kind, names), names, file, ticker=ticker)
        everyone.update(rows["ticker"].drop_nulls().unique())
        frame = rows if tickers is None else rows.filter(pl.col("ticker").is_in(tickers))
        others += rows.height - frame.height
        frames.append((file, frame))
    for ticker in tickers or ():
        if everyone and ticker not in everyone:
            raise one_of("tickers", ticker, everyone)
    frames = [(file, frame) for file, frame in frames if not frame.is_empty()]
    if not frames:
        raise DataError(f"{path} has no rows")
    told = {"files": len(files), "rows_other_tickers": others}
    return pl.concat(_alike(frames), how="vertical_relaxed"), told


def table_files(path: str, kind: Kind) -> list[Path]:
    """Return the file `path`, or the files of that kind in the folder `path`, sorted by name."""
    folder = Path(path).expanduser()
    if not folder.is_dir():
        return [existing_file(path, called=CALLED[kind], endings=ENDINGS[kind])]
    files = sorted(
        file for file in folder.iterdir() if file.name.lower().endswith(ENDINGS[kind]) and file.name[0] != "."
    )
    if not files:
        raise DataError(f"{folder} holds no file that ends in {', '.join(ENDINGS[kind])}")
    return files


def ticker_of(file: Path, kind: Kind) -> str:
    """Return the file's name without its ending."""
    ending = next((e for e in ENDINGS[kind] if file.name.lower().endswith(e)), file.suffix)
    return file.name[: len(file.name) - len(ending)]


def tables_sha256(path: str, kind: Kind, *, named: bool) -> str:
    """Return a SHA-256 of the content of the files; of their names too where they are `named` by ticker."""
    files = table_files(path, kind)
    if len(files) == 1 and not named:
        return sha256(files[0])
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{ticker_of(file, kind) if named else ''}\0{sha256(file)}\n".encode())
    return digest.hexdigest()


def _read(file: Path, kind: Kind, names: ColumnNames) -> pl.DataFrame:
    columns = list(dict.fromkeys(names.in_file().values()))
    try:
        if kind == "parquet":
            require_columns(file, list(pl.read_parquet_schema(file)), columns)
            return pl.read_parquet(file, columns=columns)
        # As text: what a ticker, a number or a time is follows from its column, not from the first rows.
        require_columns(file, pl.read_csv(file, n_rows=0, infer_schema=False).columns, columns)
        return pl.read_csv(file, columns=columns, infer_schema=False)
    except (PolarsError, PanicException, OSError) as error:
        raise DataError(f"{file} cannot be read as {CALLED[kind]}: {first_line(error)}") from error


def _alike(frames: list[tuple[Path, pl.DataFrame]]) -> list[pl.DataFrame]:
    """Return the frames with one type of `ts`: dates beside date-times become midnights."""
    first_file, first = frames[0]
    zone = _zone(first)
    for file, frame in frames:
        if _zone(frame) != zone:
            zones = [z or "no zone" for z in (_zone(frame), zone)]
            raise DataError(f"{file}: its times have {zones[0]}, those of {first_file.name} have {zones[1]}")
    if all(frame.schema["ts"] == pl.Date for _, frame in frames):
        return [frame for _, frame in frames]
    return [frame.with_columns(pl.col("ts").cast(pl.Datetime("us", zone))) for _, frame in frames]


def _zone(frame: pl.DataFrame) -> str | None:
    dtype = frame.schema["ts"]
    return dtype.time_zone if isinstance(dtype, pl.Datetime) else None
