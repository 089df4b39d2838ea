"""Brings the cached rows of a ticker up to date: only what is missing, page by page."""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

import polars as pl

from ploutos.data.network import holes, rows
from ploutos.data.network.cache import Cache, Entry
from ploutos.data.network.provider import About, Provider
from ploutos.data.network.retries import Caller
from ploutos.data.network.spans import Span, pages, subtract, together, union
from ploutos.types import ConfigError, DataError

OnRevision = Literal["refetch", "keep", "refuse"]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How to download; lengths of time in microseconds.

    Attributes
    ----------
    bar : length of a bar.
    page : longest span of one request.
    overlap : how far before the missing rows a request begins, to compare with what is cached.
    longest_gap : a pause of the rows that is longer is asked for again.
    tolerance : relative difference from which a value counts as changed.
    on_revision : what to do when the provider changed its past.
    refresh : a range brought up to date less than this ago is taken as it is.
    """

    bar: int
    page: int
    overlap: int
    longest_gap: int
    tolerance: float
    on_revision: OnRevision
    refresh: int


class Changed(Exception):
    """The provider changed its past; the message is one line."""


class Download:
    """Fills a cache from a provider.

    Parameters
    ----------
    provider, cache, call, plan : where from, where to, through what, and how.
    sessions, zone : the session dates of the market and the zone they are dates of; where known, every
        session without rows is asked for again.
    """

    def __init__(
        self,
        provider: Provider,
        cache: Cache,
        call: Caller,
        plan: Plan,
        sessions: holes.Sessions | None = None,
        zone: str = "UTC",
    ) -> None:
        self.provider = provider
        self.cache = cache
        self.call = call
        self.plan = plan
        self.sessions = sessions
        self.zone = zone

    def update(self, ticker: str, want: Span, *, now: int, open_ended: bool) -> Entry:
        """Return the ticker's rows with `want` up to date; what has come is in the cache at every moment.

        `open_ended` says that `want` ends at the present, not at a date that the user chose.
        """
        with self.cache.lock(ticker):
            entry = self.cache.read(ticker)
            missing = subtract([want], entry.state.covered)
            if not missing or self._fresh(entry, want, now, open_ended):
                return entry
            self._check_reach(ticker, missing[0][0], now)
            try:
                entry = self._fill(ticker, entry, want, now)
            except Changed as change:
                entry = self._refetch(ticker, want, now, str(change))
            return self._finish(ticker, entry, want, now)

    def _fresh(self, entry: Entry, want: Span, now: int, open_ended: bool) -> bool:
        asked = entry.state.asked
        if asked is None or not 0 <= now - entry.state.asked_at < self.plan.refresh:
            return False
        return asked[0] <= want[0] and (open_ended or want[1] <= asked[1])

    def _check_reach(self, ticker: str, start: int, now: int) -> None:
        earliest = self.provider.earliest(now)
        if earliest is not None and start < earliest:
            raise ConfigError(
                f"start: {_date(start)} is before {_date(earliest)}, the earliest that {self.provider.name}"
                f" serves such bars for ({ticker} is not cached further back)"
            )

    def _fill(self, ticker: str, entry: Entry, want: Span, now: int) -> Entry:
        about = self._about(ticker, entry, want, now)
        entry = self._with_about(entry, about)
        if about.first is not None:
            before = (want[0], min(about.first, want[1]))
            entry = entry.having(covered=union(entry.state.covered, [before]))
        # Many absent sessions are not worth a request each.
        for span in together(subtract([want], entry.state.covered), self.plan.page):
            for page in pages(span, self.plan.page):
                entry = self._add(ticker, entry, page, about, now, first=page[0] == span[0])
                if not entry.frame.is_empty():
                    self.cache.write(ticker, entry)
        return entry

    def _about(self, ticker: str, entry: Entry, want: Span, now: int) -> About:
        """Ask about the ticker, once more where it no longer tells of actions that it told of before."""
        start = min([want[0], *(span[0] for span in entry.state.covered)])
        known = {day for day, _, _ in entry.state.actions}
        for attempt in range(2):
            about = self.call(lambda: self.provider.about(ticker, (start, now)), ticker)
            if about.actions is None or known <= {day for day, _, _ in about.actions}:
                break
            if attempt == 0:
                time.sleep(self.call.settings.backoff_seconds)
        return about

    def _with_about(self, entry: Entry, about: About) -> Entry:
        """Take over the actions told; one that was told before and no longer is stays."""
        before = {action[0]: action for action in entry.state.actions}
        told = {action[0]: action for action in about.actions or []}
        tolerance = self.plan.tolerance
        changed = [
            f"{self.provider.name} changed split and dividend of {day}: {old[1:]} to {new[1:]}"
            for day, old in before.items()
            if (new := told.get(day, old)) and not _close(old[1:], new[1:], tolerance)
        ]
        return entry.having(
            actions=sorted((before | told).values()),
            answers=entry.state.answers | about.answers,
            revisions=entry.state.revisions + changed,
        )

    def _add(self, ticker: str, entry: Entry, page: Span, about: About, now: int, *, first: bool) -> Entry:
        """Fetch one page and merge it; rows that are cached stay as they are."""
        start = max(page[0] - self.plan.overlap, self.provider.earliest(now) or 0)
        if not first or rows.between(entry.frame, (start, page[0])).is_empty():
            start = page[0]
        cached = rows.between(entry.frame, (start, page[1]))
        frame, found, counts = self._ask(ticker, (start, page[1]), cached, about)
        entry = self._compared(ticker, entry, cached, frame, now)
        fresh = frame.join(entry.frame, on="ts", how="anti")
        told = {key: entry.state.told.get(key, 0) + count for key, count in counts.items()}
        known = holes.remembered(entry.state.holes, found, page, now)
        last = rows.times(frame)[-1] + self.plan.bar if not frame.is_empty() else page[0]
        safe = (page[0], min(page[1], max(last, now - self.provider.late)))
        return entry.having(
            frame=pl.concat([entry.frame, fresh]).sort("ts"),
            covered=union(entry.state.covered, holes.covered(safe, known, now)),
            holes=known,
            told=entry.state.told | told,
        )

    def _ask(
        self, ticker: str, span: Span, cached: pl.DataFrame, about: About
    ) -> tuple[pl.DataFrame, list[Span], dict[str, int]]:
        """Return the rows of `span`, its holes and counts; a page with holes is asked for twice.

        The second answer adds to the first one. Cached rows that an answer lacks are a hole as well.
        """
        frame = cached.clear()
        total: dict[str, int] = {}
        what = f"{ticker} {_date(span[0])} to {_date(span[1] - 1)}"
        for attempt in range(2):
            served = self.call(lambda: self.provider.page(ticker, span, about), what)
            page, counts = rows.tidy(served, span, self.provider.prices)
            total = {key: total.get(key, 0) + count for key, count in counts.items()}
            frame = pl.concat([frame, page]).unique("ts", keep="last").sort("ts")
            found = self._holes(pl.concat([frame, cached]).unique("ts").sort("ts"), span, about)
            if not found and cached.join(frame, on="ts", how="anti").is_empty():
                break
            if attempt == 0:
                total["pages_with_holes"] = 1
                time.sleep(self.call.settings.backoff_seconds)
        return frame, found, total

    def _holes(self, frame: pl.DataFrame, span: Span, about: About) -> list[Span]:
        starts = rows.times(frame)
        begin = max(span[0], about.first or span[0])
        found = holes.gaps(starts, (begin, max(begin, span[1])), self.plan.bar, self.plan.longest_gap)
        if self.sessions is not None:
            found += holes.missing_sessions(starts, span, self.zone, self.sessions)
        return union(found)

    def _compared(
        self, ticker: str, entry: Entry, cached: pl.DataFrame, frame: pl.DataFrame, now: int
    ) -> Entry:
        """Compare the overlap with what is cached; raises where a change must not be passed over."""
        compared = tuple(c for c in self.provider.columns if c != "volume")
        changed = rows.revised(cached, frame, compared, self.plan.tolerance)
        if changed.is_empty():
            return entry
        row = changed.row(0, named=True)
        line = (
            f"{self.provider.name} changed the past of {ticker}: {changed.height} values, first"
            f" {row['column']} of {row['ts']:%Y-%m-%d %H:%M} from {row['before']} to {row['after']}"
        )
        if self.plan.on_revision == "refuse":
            raise DataError(f"{line}; on_revision is 'refuse', 'refetch' or 'keep' would go on")
        if self.plan.on_revision == "refetch":
            raise Changed(line)
        return entry.having(revisions=[*entry.state.revisions, f"{_date(now)}: {line}; kept as cached"])

    def _refetch(self, ticker: str, want: Span, now: int, line: str) -> Entry:
        """Download all that is cached once more, beside the cache, and then put it in its place.

        What the provider no longer reaches or no longer serves stays as it was.
        """
        entry = self.cache.read(ticker)
        whole = union(entry.state.covered, [want])
        start = max(whole[0][0], self.provider.earliest(now) or whole[0][0])
        beside = Cache(self.cache.folder / "refetch", self.cache.columns)
        plan = replace(self.plan, on_revision="keep")
        again = Download(self.provider, beside, self.call, plan, self.sessions, self.zone)
        new = again.update(ticker, (start, want[1]), now=now, open_ended=False)
        old_only = entry.frame.join(new.frame, on="ts", how="anti")
        kept = f", {old_only.height} rows kept that are no longer served" if old_only.height else ""
        merged = new.having(
            frame=pl.concat([new.frame, old_only]).sort("ts"),
            covered=union(new.state.covered, subtract(entry.state.covered, [(start, want[1])])),
            revisions=[*entry.state.revisions, f"{_date(now)}: {line}; downloaded anew{kept}"],
        )
        self.cache.write(ticker, merged)
        beside.drop(ticker)
        return merged

    def _finish(self, ticker: str, entry: Entry, want: Span, now: int) -> Entry:
        if entry.frame.is_empty():
            raise DataError(
                f"{self.provider.name}: {ticker} {_date(want[0])} to {_date(want[1] - 1)}: no rows are"
                " served; check the ticker and the dates"
            )
        entry = entry.having(asked=want, asked_at=now)
        self.cache.write(ticker, entry)
        return entry


def _close(old: tuple[float, ...], new: tuple[float, ...], tolerance: float) -> bool:
    return all(abs(b - a) <= tolerance * abs(a) for a, b in zip(old, new, strict=True))


def _date(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1e6, UTC):%Y-%m-%d}"
