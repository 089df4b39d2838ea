"""What the sources of bars over the network have in common."""

from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import date, time
from typing import Any, Protocol

import polars as pl

from ploutos.data.network import rows
from ploutos.data.network.actions import attach
from ploutos.data.network.feed import Feed


class Calendar(Protocol):
    """The part of a trading calendar that tells which sessions there are."""

    timezone: str

    def sessions(self, first: date, last: date) -> pl.DataFrame:
        """Return a column `session` (Date) of the sessions from `first` to `last`, both included."""
        ...


class NetworkBars(ABC):
    """Canonical rows of one feed, before calendar, quality and adjustment.

    Parameters
    ----------
    feed : what to get.
    daily : whether a bar is a day.
    calendar : where given, sessions on which a ticker has no row are asked for once more.
    inside : see `attach`.
    """

    def __init__(
        self, feed: Feed, *, daily: bool, calendar: Calendar | None, inside: time | None = None
    ) -> None:
        self._daily = daily
        self._inside = None if daily else inside
        self._feed = feed
        if calendar is not None:
            known = calendar

            def sessions(first: date, last: date) -> list[date]:
                return known.sessions(first, last)["session"].to_list()

            # Days are stamped at midnight UTC, so their dates are looked up in UTC.
            self._feed = replace(feed, sessions=sessions, zone="UTC" if daily else calendar.timezone)

    @abstractmethod
    def fingerprint(self) -> dict[str, Any]:
        """Return JSON-ready values that identify the content; they change only if the rows in use change."""

    def fetch(self) -> pl.DataFrame:
        """Return the bars, sorted by ticker and time, downloading what the cache lacks.

        Columns: `ts` (start of the bar, Datetime[us, UTC]; of daily bars the Date), `ticker`, `open`, `high`,
        `low`, `close`, `volume` as traded, `split` and `dividend` on one bar of the day from which they
        are in effect (1 and 0 elsewhere). The rows stay the same for the life of this object.

        Raises
        ------
        ConfigError, DataError
            The range is out of the provider's reach, or the provider refuses or fails; one line.
        """
        frame = self._feed.frame()
        if self._daily:
            frame = frame.with_columns(pl.col("ts").dt.date())
        return attach(frame, self.actions(), self.timezone(), inside=self._inside)

    def actions(self) -> pl.DataFrame:
        """Return `ticker`, `date`, `split`, `dividend` of the range.

        For a frame that has lost bars since `fetch`: `attach` them anew, or the action of a lost bar is lost.
        """
        return self._feed.actions()

    def timezone(self) -> str:
        """Return the zone whose dates the actions' dates are: that of the first ticker's exchange."""
        first = next(iter(self._feed.entries.values()))
        return str(first.state.answers.get("timezone", "UTC"))

    def told(self) -> dict[str, Any]:
        """Return what a report on the data should say of the download, JSON-ready."""
        return self._feed.told()

    def content(self) -> str:
        """Return the hash of the rows and actions in use: equal rows give an equal hash."""
        return rows.content_hash(self.fetch())
