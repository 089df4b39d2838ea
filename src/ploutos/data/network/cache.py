"""The local copy of what a provider served: one Parquet file a ticker, replaced whole or not at all."""

import json
import os
import re
import tempfile
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import polars as pl
from polars.exceptions import PanicException, PolarsError

from ploutos.data.network import rows
from ploutos.data.network.spans import Span
from ploutos.tracking.files import head
from ploutos.tracking.lock import file_lock
from ploutos.types import DataError

VERSION = 1
KEY = "ploutos"
PARQUET = b"PAR1"  # what such a file begins with
LONGEST_NAME = 200  # bytes; file systems take 255, and what is half written has a longer name


@dataclass(frozen=True)
class Hole:
    """A span where the provider served nothing, though it is longer than a pause of its market."""

    start: int
    end: int
    first_seen: int


@dataclass(frozen=True, kw_only=True)
class State:
    """What is known beside the rows; all times in microseconds since the epoch, UTC.

    Attributes
    ----------
    covered : spans that were fetched; holes count as covered once they are older than a few days.
    holes : spans without rows that were asked for more than once.
    asked, asked_at : the last range that was brought up to date as a whole, and when.
    actions : [ISO date, split, dividend], as `ploutos.types.Bars.actions` defines them, sorted.
    answers : what the provider says of the ticker (time zone, currency, ...).
    revisions : a line for each time the provider changed its past.
    told : counts of what was put in order, over all pages.
    """

    covered: list[Span] = field(default_factory=list)
    holes: list[Hole] = field(default_factory=list)
    asked: Span | None = None
    asked_at: int = 0
    actions: list[tuple[str, float, float]] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    revisions: list[str] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """One ticker's rows, sorted by `ts`, and their state."""

    frame: pl.DataFrame
    state: State

    def having(self, **changes: Any) -> "Entry":
        """Return a copy with other values in the state, or another `frame`."""
        frame = changes.pop("frame", self.frame)
        return Entry(frame, replace(self.state, **changes))


class Cache:
    """The files of one provider, feed and interval.

    Parameters
    ----------
    folder : where the files are.
    columns : names of the numbers beside `ts`.
    """

    def __init__(self, folder: Path, columns: tuple[str, ...]) -> None:
        self.folder = folder
        self.columns = columns

    def path(self, ticker: str) -> Path:
        """Return the ticker's file; signs that a file name cannot have are written as %XX.

        Raises
        ------
        DataError
            The name would be too long.
        """
        name = quote(ticker, safe="=")
        if len(name) > LONGEST_NAME:
            raise DataError(
                f"ticker '{ticker[:20]}...': its file in the cache would have a name of {len(name)} letters,"
                f" at most {LONGEST_NAME} are possible"
            )
        return self.folder / f"{name}.parquet"

    def lock(self, ticker: str) -> AbstractContextManager[None]:
        """Wait until no other process works on the ticker; the lock of a process that dies is freed."""
        return file_lock(self.path(ticker).with_suffix(".lock"), wait=True, what=f"download of {ticker}")

    def read(self, ticker: str) -> Entry:
        """Return what is cached, nothing if there is no file; raises `DataError` if the file is damaged."""
        path = self.path(ticker)
        if not path.exists():
            return Entry(rows.empty(self.columns), State())
        if not path.is_file() or (head(path, len(PARQUET)) == PARQUET and KEY not in _metadata(path)):
            raise DataError(f"{path}: not written by Ploutos; move it away to download {ticker}")
        try:
            told = json.loads(pl.read_parquet_metadata(path)[KEY])
            frame = pl.read_parquet(path, glob=False)
            state = _state(told)
        except (PolarsError, PanicException, OSError, ValueError, KeyError, TypeError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise DataError(f"{path}: damaged ({reason}); delete it to download {ticker} anew") from error
        if told["version"] != VERSION or frame.schema != rows.schema(self.columns):
            raise DataError(f"{path}: of another version; delete it to download {ticker} anew")
        if told["sha256"] != rows.content_hash(frame):
            raise DataError(
                f"{path}: damaged (its rows have another hash); delete it to download {ticker} anew"
            )
        return Entry(frame, state)

    def write(self, ticker: str, entry: Entry) -> None:
        """Put `entry` in place of what is cached; only for the holder of the lock.

        The file is flushed before it takes its name; on any error the old one stays and nothing else is left.
        """
        path = self.path(ticker)
        _clear_unfinished(path)
        told = {"version": VERSION, "sha256": rows.content_hash(entry.frame), **asdict(entry.state)}
        building: Path | None = None
        try:
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
            os.close(handle)
            building = Path(name)
            entry.frame.write_parquet(building, metadata={KEY: json.dumps(told)})
            building.chmod(0o644)
            _flush(building)
            building.rename(path)
        except (OSError, PolarsError) as error:
            reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
            raise DataError(f"{path}: cannot be written: {reason}") from error
        finally:
            if building is not None:
                building.unlink(missing_ok=True)
        _flush(path.parent)

    def drop(self, ticker: str) -> None:
        """Remove the ticker's file, which `read` knew as ours; only for the holder of the lock."""
        self.path(ticker).unlink(missing_ok=True)


def _clear_unfinished(path: Path) -> None:
    """Remove what writers of `path` left that died: named as they name it, begun as Parquet files begin."""
    name = re.compile(rf"\.{re.escape(path.name)}\.[a-z0-9_]{{8}}\.part")
    for file in path.parent.iterdir():
        if name.fullmatch(file.name) and head(file, len(PARQUET)) == PARQUET:
            file.unlink(missing_ok=True)


def _metadata(path: Path) -> dict[str, str]:
    """Return the metadata of a Parquet file; that of ours where it cannot be read: it is damaged."""
    try:
        return pl.read_parquet_metadata(path)
    except (PolarsError, PanicException, OSError):
        return {KEY: ""}


def _state(told: dict[str, Any]) -> State:
    asked = told["asked"]
    return State(
        covered=[(start, end) for start, end in told["covered"]],
        holes=[Hole(**hole) for hole in told["holes"]],
        asked=None if asked is None else (asked[0], asked[1]),
        asked_at=told["asked_at"],
        actions=[(day, split, dividend) for day, split, dividend in told["actions"]],
        answers=told["answers"],
        revisions=told["revisions"],
        told=told["told"],
    )


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
