"""What the sources of bars over the network have in common."""

from abc import ABC, abstractmethod
from datetime import date
from typing import Any, ClassVar, Literal

import polars as pl

from ploutos.data.calendars.calendar import Calendar
from ploutos.data.network import rows
from ploutos.data.network.feed import Feed, parse_range
from ploutos.data.network.provider import Provider
from ploutos.data.network.retries import Network
from ploutos.data.network.settings import MINUTES, Caching, Interval, ticker_list
from ploutos.data.preparation import DelistingReturn, Preparation, ResampleMinutes
from ploutos.types import Bars, NonNegativeInt, Ticker, checked
from ploutos.types.session import SessionClock


class NetworkBars(ABC):
    """Bars of one provider, as traded, with its splits and dividends; out of a local copy where it can.

    A session of the calendar on which a ticker has no row is asked for once more.

    Parameters
    ----------
    tickers : the provider's names.
    interval : "1d" or "1h".
    start, end : ISO dates, the second left out; null is the last complete bar.
    base_url : where the service is; null is the provider's own.
    cache : how the local copy is kept.
    network : how the service is asked.
    resample_minutes, resample_anchor : see `ploutos.data.resample.resample`; null leaves bars as they are.
    delisted_after_sessions, delisting_return : see `ploutos.data.corporate.delisting`.
    calendar, quality, actions : components of `data/calendar`, `data/quality`, `data/actions`.
    """

    kind: ClassVar[str]
    partial_bars: ClassVar[Literal["drop", "clip"]]

    @checked
    def __init__(
        self,
        *,
        tickers: list[Ticker],
        interval: Interval,
        start: str,
        end: str | None,
        base_url: str | None,
        cache: Caching,
        network: Network,
        resample_minutes: ResampleMinutes,
        resample_anchor: Literal["clock", "open"],
        delisted_after_sessions: NonNegativeInt | None,
        delisting_return: DelistingReturn,
        calendar: Any,
        quality: Any,
        actions: Any,
    ) -> None:
        daily = interval == "1d"
        self.interval = interval
        self.preparation = Preparation(
            quality=quality,
            label="open",
            bar_minutes=None if daily else MINUTES[interval],
            input_timezone="UTC",
            partial_bars=self.partial_bars,
            calendar=calendar,
            actions=actions,
            resample_minutes=resample_minutes,
            resample_anchor=resample_anchor,
            delisted_after_sessions=delisted_after_sessions,
            delisting_return=delisting_return,
        )
        first, last = parse_range(start, end)
        self._feed = Feed(
            provider=self._provider(interval, base_url, network.timeout_seconds),
            plan=cache.plan(MINUTES[interval]),
            network=network,
            folder=cache.path(*self._place(), interval),
            tickers=ticker_list(tickers),
            start=first,
            end=last,
            offline=cache.offline,
            sessions=self._sessions,
            # Days are stamped at midnight UTC, so their dates are looked up in UTC.
            zone="UTC" if daily else calendar.timezone,
        )

    @abstractmethod
    def _provider(self, interval: Interval, base_url: str | None, timeout_seconds: float) -> Provider:
        """Return who serves the rows."""

    @abstractmethod
    def _place(self) -> tuple[str, ...]:
        """Return the folders of this provider and feed in the cache."""

    @property
    def clock(self) -> SessionClock:
        """Dates the sessions."""
        return self.preparation.clock

    @property
    def calendar(self) -> Calendar:
        """When the market trades."""
        return self.preparation.calendar

    def load(self) -> Bars:
        """Return the bars, downloading what the local copy lacks.

        Raises
        ------
        ConfigError, DataError
            As `fetch`; rows that cannot be used.
        """
        return self.preparation.bars(
            self.fetch(),
            file=self._feed.provider.name,
            told={"download": self.told()},
            dated_actions=self.actions(),
        )

    def fingerprint(self) -> dict[str, Any]:
        """Return the hashes of the rows and actions in use, and the settings."""
        return {
            "source": self.kind,
            "interval": self.interval,
            "sha256": [rows.content_hash(self.fetch()), rows.content_hash(self.actions())],
            **self.preparation.fingerprint(),
        }

    def fetch(self) -> pl.DataFrame:
        """Return the rows as traded, sorted by ticker and time, downloading what the local copy lacks.

        Columns: `ts` (start of the bar, Datetime[us, UTC]; of daily bars the Date), `ticker`, `open`, `high`,
        `low`, `close`, `volume`. The rows stay the same for the life of this object.

        Raises
        ------
        ConfigError, DataError
            The range is out of the provider's reach, or the provider refuses or fails; one line.
        """
        frame = self._feed.frame()
        return frame.with_columns(pl.col("ts").dt.date()) if self.interval == "1d" else frame

    def actions(self) -> pl.DataFrame:
        """Return `ticker`, `date` (of the exchange), `split`, `dividend` of the range."""
        return self._feed.actions()

    def told(self) -> dict[str, Any]:
        """Return what a report on the data should say of the download, JSON-ready."""
        return self._feed.told()

    def _sessions(self, first: date, last: date) -> list[date]:
        return self.preparation.calendar.sessions(first, last)["session"].to_list()
