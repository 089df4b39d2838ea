"""One provider's tickers over one range: from the cache where it can, from the network where it must."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from ploutos.data.network import actions, clock, rows
from ploutos.data.network.cache import Cache, Entry
from ploutos.data.network.download import Download, Plan
from ploutos.data.network.holes import Sessions
from ploutos.data.network.progress import shown
from ploutos.data.network.provider import SERVED, Provider
from ploutos.data.network.retries import Caller, Network
from ploutos.data.network.spans import Span, subtract
from ploutos.types import ConfigError, DataError


def parse_date(what: str, value: str) -> date:
    """Return the date of "YYYY-MM-DD", or raise `ConfigError` naming `what`."""
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise ConfigError(f"{what}: '{value}' is not a date, write YYYY-MM-DD") from error


def parse_range(start: str, end: str | None) -> tuple[date, date | None]:
    """Return both dates, or raise `ConfigError` where they are no dates or in the wrong order."""
    first, last = parse_date("start", start), None if end is None else parse_date("end", end)
    if last is not None and last <= first:
        raise ConfigError(f"end: {last} is not after start {first}; end itself is left out")
    return first, last


@dataclass(frozen=True, kw_only=True)
class Feed:
    """What to get and how.

    Attributes
    ----------
    provider, plan, network : who serves it, and how it is asked.
    folder : of this provider, feed and interval in the cache.
    tickers : sorted, without repetition.
    start, end : dates, the second left out; None is the present.
    offline : True never asks the network.
    sessions, zone : see `Download`.
    """

    provider: Provider
    plan: Plan
    network: Network
    folder: Path
    tickers: Sequence[str]
    start: date
    end: date | None
    offline: bool
    sessions: Sessions | None = None
    zone: str = "UTC"

    def frame(self) -> pl.DataFrame:
        """Return `ts`, `ticker` and the provider's columns, sorted by ticker and time."""
        named = ((pl.lit(ticker).alias("ticker"), entry) for ticker, entry in self.entries.items())
        return pl.concat(
            rows.between(entry.frame, self._want[0]).select("ts", name, *self.provider.columns)
            for name, entry in named
        )

    def actions(self) -> pl.DataFrame:
        """Return the splits and dividends of the range: `ticker`, `date`, `split`, `dividend`."""
        found = actions.frame_of({ticker: entry.state.actions for ticker, entry in self.entries.items()})
        day = pl.from_epoch(pl.lit(self._want[0][1] - 1), "us").dt.date()
        return found.filter((pl.col("date") >= self.start) & (pl.col("date") <= day))

    def told(self) -> dict[str, Any]:
        """Return what a report on the data should say of the download, JSON-ready."""
        report: dict[str, Any] = {"provider": self.provider.name, "revisions": [], "holes": []}
        report["without_actions"] = {}
        counts: dict[str, int] = {}
        for ticker, entry in self.entries.items():
            for key, count in entry.state.told.items():
                counts[key] = counts.get(key, 0) + count
            report["revisions"] += entry.state.revisions
            actions = entry.state.answers.get("corporate_actions", SERVED)
            if actions != SERVED:
                report["without_actions"][ticker] = actions
            report["holes"] += [
                {"ticker": ticker, "from": _iso(hole.start), "to": _iso(hole.end)}
                for hole in entry.state.holes
                if hole.start < self._want[0][1] and self._want[0][0] < hole.end
            ]
        return report | {"counts": dict(sorted(counts.items()))}

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """The tickers' cached rows, up to date; asked for once in the life of this object."""
        cache = Cache(self.folder, self.provider.columns)
        want, open_ended, now = *self._want, self._now
        if want[1] <= want[0]:
            raise ConfigError(f"start: {self.start} is too recent, the last complete bar is before it")
        if self.offline:
            return {ticker: self._cached(cache, ticker, want, open_ended) for ticker in self.tickers}
        call = Caller(self.network, self.provider.name)
        download = Download(self.provider, cache, call, self.plan, self.sessions, self.zone)
        got: dict[str, Entry] = {}
        with shown(list(self.tickers), self.provider.name) as each:
            for ticker in each:
                try:
                    got[ticker] = download.update(ticker, want, now=now, open_ended=open_ended)
                except DataError as error:
                    raise DataError(f"{error}; {self._kept(cache, ticker, len(got))}") from error
        return got

    @cached_property
    def _now(self) -> int:
        return clock.now_us()

    @cached_property
    def _want(self) -> tuple[Span, bool]:
        """The range in microseconds, and whether it ends at the present."""
        limit = self.provider.limit(self._now)
        end = limit if self.end is None else _midnight(self.end)
        return (_midnight(self.start), min(end, limit)), end >= limit

    def _cached(self, cache: Cache, ticker: str, want: Span, open_ended: bool) -> Entry:
        entry = cache.read(ticker)
        asked = [] if entry.state.asked is None else [entry.state.asked]
        missing = subtract([want], [*entry.state.covered, *asked])
        if missing and open_ended and missing[-1][1] == want[1] and not entry.frame.is_empty():
            missing = missing[:-1]  # the cache ends where it ends
        if missing or rows.between(entry.frame, want).is_empty():
            start, end = missing[0] if missing else want
            raise DataError(
                f"{ticker}: {_iso(start)[:10]} to {_iso(end - 1)[:10]} is not in the cache {cache.folder};"
                " offline=false downloads it"
            )
        return entry

    def _kept(self, cache: Cache, ticker: str, done: int) -> str:
        """Say what is safe, for the end of an error."""
        try:
            count = cache.read(ticker).frame.height
        except DataError:
            count = 0
        return (
            f"kept in the cache: {done} of {len(self.tickers)} tickers and {count} rows of {ticker};"
            " the same command goes on from there"
        )


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1e6)


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at / 1e6, UTC).isoformat()
