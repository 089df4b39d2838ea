"""Rows of Parquet or CSV: one file, or a folder with a file a ticker."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl
from polars.exceptions import PanicException, PolarsError

from ploutos.data.columns import ColumnNames, canonical
from ploutos.data.files import existing_file, first_line, parquet_columns, place, require_columns, sha256
from ploutos.types import DataError, one_of

Kind = Literal["parquet", "csv"]
CALLED: dict[Kind, str] = {"parquet": "Parquet", "csv": "CSV"}
ENDINGS: dict[Kind, tuple[str, ...]] = {"parquet": (".parquet", ".pq"), "csv": (".csv", ".csv.gz", ".txt")}


@dataclass(frozen=True)
class Files:
    """The files of a table.

    Attributes
    ----------
    path, kind : as `table_files`.
    by_name : whether each file is named after its only ticker.
    """

    path: str
    kind: Kind
    by_name: bool

    def chosen(self, tickers: list[str] | None) -> list[Path]:
        """Return the files that may hold rows of `tickers`; a name that is not there is refused when read."""
        files = table_files(self.path, self.kind)
        if not self.by_name or tickers is None:
            return files
        return [file for file in files if ticker_of(file, self.kind) in tickers] or files


def read_tables(
    files: Files, read: Callable[[Path, str], pl.DataFrame], tickers: list[str] | None
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Return the canonical rows (see `columns.canonical`) of all `files`.

    Rows of other than `tickers` are left out before anything is judged, and counted; null takes all.

    Parameters
    ----------
    read : returns the canonical rows of a file, whose own ticker is the second argument.

    Raises
    ------
    DataError
        A missing or unreadable file, a folder without such files, no rows, missing columns; the nearest ones
        are named. Files whose times do not go together.
    ConfigError
        A ticker that is not there; the nearest one is named.
    """
    places = table_files(files.path, files.kind)
    everyone: set[str] = set()
    frames, others = [], 0
    for file in places:
        ticker = ticker_of(file, files.kind)
        if files.by_name:
            everyone.add(ticker)
            if tickers is not None and ticker not in tickers:
                continue
        rows = read(file, ticker)
        everyone.update(rows["ticker"].drop_nulls().unique())
        frame = rows if tickers is None else rows.filter(pl.col("ticker").is_in(tickers))
        others += rows.height - frame.height
        frames.append((file, frame))
    for ticker in tickers or ():
        if everyone and ticker not in everyone:
            raise one_of("tickers", ticker, everyone)
    frames = [(file, frame) for file, frame in frames if not frame.is_empty()]
    if not frames:
        raise DataError(f"{files.path} has no rows")
    told = {"files": len(places), "rows_other_tickers": others}
    return pl.concat(_alike(frames), how="vertical_relaxed"), told


def read_parquet_rows(file: Path, names: ColumnNames, *, ticker: str) -> pl.DataFrame:
    """Return the canonical rows of a Parquet file."""
    columns = list(dict.fromkeys(names.in_file().values()))
    try:
        require_columns(file, parquet_columns(file), columns)
        # The path is a path, not a pattern: prices[2].parquet is not prices2.parquet.
        raw = pl.read_parquet(file.absolute(), columns=columns, glob=False)
    except (PolarsError, PanicException, OSError) as error:
        raise DataError(f"{file} cannot be read as Parquet: {first_line(error)}") from error
    return canonical(raw, names, file, ticker=ticker)


def table_files(path: str, kind: Kind) -> list[Path]:
    """Return the file `path`, or the files of that kind in the folder `path`, sorted by name."""
    folder = place(path)
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


def tables_sha256(files: Files) -> str:
    """Return a SHA-256 of the content of the files; of their names too where these are tickers."""
    places = table_files(files.path, files.kind)
    if len(places) == 1 and not files.by_name:
        return sha256(places[0])
    digest = hashlib.sha256()
    for file in places:
        name = ticker_of(file, files.kind) if files.by_name else ""
        digest.update(f"{name}\0{sha256(file)}\n".encode())
    return digest.hexdigest()


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
