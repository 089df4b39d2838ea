"""What the macro sources over the network have in common: series of a feed -> levels."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from ploutos.data.network.feed import Feed
from ploutos.data.network.rows import content_hash
from ploutos.data.session import parse_time
from ploutos.data.timezone import check_timezone
from ploutos.macro.columns import DIFFERENCED
from ploutos.macro.publication import Publication
from ploutos.macro.source import Columns, MacroSource
from ploutos.types import ConfigError, DataError


@dataclass(frozen=True)
class Published:
    """The provider's name of a series, and after how many calendar days it is known."""

    ticker: str
    lag_days: int


class NetworkLevels(MacroSource):
    """Levels from one feed of daily series.

    Parameters
    ----------
    source : the name in the fingerprint.
    feed : of the series.
    levels : the series of each level.
    value : the column of the feed that is the level; a day without a value (a holiday) is left out.
    timezone, at : zone and wall time "HH:MM" of the day of publication.
    columns : settings of the derived columns.
    """

    def __init__(
        self,
        source: str,
        feed: Feed,
        levels: dict[str, Published],
        *,
        value: str,
        timezone: str,
        at: str,
        columns: Columns,
    ) -> None:
        super().__init__(columns)
        if not levels:
            raise ConfigError("vix, tnx and dxy are all null; for no macro context use macro=none")
        self._source = source
        self._feed = feed
        self._levels = levels
        self._value = value
        self._timezone = check_timezone("publication_timezone", timezone)
        self._at = parse_time("publication_time", at)

    def load(self) -> pl.DataFrame:
        """Return the levels, downloading what the cache lacks; raises `DataError` where that fails."""
        rows = self._feed.frame()
        loaded = pl.DataFrame(schema={"available_at": pl.Datetime("us", "UTC")})
        for name in self._levels:
            loaded = loaded.join(self._level(rows, name), on="available_at", how="full", coalesce=True)
        return loaded.sort("available_at")

    def fingerprint(self) -> dict[str, Any]:
        """Return the hash of the values in use and the settings; it changes only if one of these does."""
        assert self._derived is not None
        return {
            "source": self._source,
            "levels": list(self._levels),
            "sha256": content_hash(self.load()),
            "columns": self._derived.model_dump(),
        }

    def told(self) -> dict[str, Any]:
        """Return what a report on the data should say of the download, JSON-ready."""
        return self._feed.told()

    def _level(self, rows: pl.DataFrame, name: str) -> pl.DataFrame:
        """Return `available_at` and the level of each day with a value."""
        series = self._levels[name]
        value = pl.col(self._value).fill_nan(None)
        days = rows.filter(pl.col("ticker") == series.ticker).select(
            pl.col("ts").dt.date().alias("date"), value.alias(name)
        )
        days = days.drop_nulls()
        if days.is_empty():
            raise DataError(f"{self._feed.provider.name}: {name}: {series.ticker} has no values in the range")
        bad = days.filter(
            pl.col(name).is_infinite() | (pl.lit(name not in DIFFERENCED) & (pl.col(name) <= 0))
        )
        if not bad.is_empty():
            day, found = bad.row(0)
            rule = "finite" if name in DIFFERENCED else "finite and positive"
            raise DataError(f"{series.ticker}: {name} on {day}: value is {found:g}, must be {rule}")
        publication = Publication(self._timezone, series.lag_days, self._at)
        return days.select(publication.available_at("date").alias("available_at"), name)
