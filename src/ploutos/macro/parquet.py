"""Daily macro levels from Parquet files."""

from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict

from ploutos.data.files import sha256
from ploutos.data.session import parse_time
from ploutos.data.timezone import check_timezone
from ploutos.macro.daily_file import read_level
from ploutos.macro.publication import Publication
from ploutos.macro.source import Columns, MacroSource
from ploutos.types import ConfigError, PositiveInt, checked


class Level(BaseModel):
    """Where one level's daily values are; a filter is both or neither of column and value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    date_column: str
    value_column: str
    filter_column: str | None
    filter_value: str | None


class Parquet(MacroSource):
    """VIX, 10-year yield (TNX) and dollar index (DXY) from Parquet files of one folder.

    Parameters
    ----------
    folder : the folder of the files, or any file in it.
    vix, tnx, dxy : the level's file and columns; null leaves the level out.
    publication_timezone, publication_lag_days, publication_time : a close of day D becomes known so many
        calendar days later (at least one) at this wall time.
    columns : settings of the derived columns.
    """

    @checked
    def __init__(
        self,
        *,
        folder: str,
        vix: Level | None,
        tnx: Level | None,
        dxy: Level | None,
        publication_timezone: str,
        publication_lag_days: PositiveInt,
        publication_time: str,
        columns: Columns,
    ) -> None:
        super().__init__(columns)
        self.folder = folder
        given = {"vix": vix, "tnx": tnx, "dxy": dxy}
        self.levels = {name: level for name, level in given.items() if level is not None}
        self.publication = Publication(
            check_timezone("publication_timezone", publication_timezone),
            publication_lag_days,
            parse_time("publication_time", publication_time),
        )
        self._check()

    def load(self) -> pl.DataFrame:
        """Read and validate the files; raise `DataError` where they cannot be used."""
        levels = pl.DataFrame(schema={"date": pl.Date})
        for name, level in self.levels.items():
            values = read_level(
                self._file(level),
                name,
                date_column=level.date_column,
                value_column=level.value_column,
                filter_column=level.filter_column,
                filter_value=level.filter_value,
            )
            levels = levels.join(values, on="date", how="full", coalesce=True)
        available_at = self.publication.available_at("date").alias("available_at")
        return levels.sort("date").select(available_at, *self.levels)

    def fingerprint(self) -> dict[str, Any]:
        """Return the files' SHA-256 and the settings; names and folder of the files do not matter."""
        assert self._derived is not None
        return {
            "source": "parquet",
            "levels": {
                name: {"sha256": sha256(self._file(level)), **level.model_dump(exclude={"file"})}
                for name, level in self.levels.items()
            },
            "publication": {
                "timezone": self.publication.timezone,
                "lag_days": self.publication.lag_days,
                "at": self.publication.at.isoformat(),
            },
            "columns": self._derived.model_dump(),
        }

    def _file(self, level: Level) -> Path:
        folder = Path(self.folder).expanduser()
        return (folder.parent if folder.is_file() else folder) / level.file

    def _check(self) -> None:
        if not self.levels:
            raise ConfigError("vix, tnx and dxy are all null; for no macro context use macro=none")
        for name, level in self.levels.items():
            if (level.filter_column is None) != (level.filter_value is None):
                raise ConfigError(
                    f"{name}: filter_column is {level.filter_column} and filter_value is"
                    f" {level.filter_value}: set both or neither"
                )
