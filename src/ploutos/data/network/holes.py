"""Spans in which a provider served nothing although its market was open."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from ploutos.data.network.cache import Hole
from ploutos.data.network.clock import DAY
from ploutos.data.network.spans import Span, subtract, union

Sessions = Callable[[date, date], Sequence[date]]
"""The session dates from one date to another, both included."""

SETTLED = 7 * DAY
"""A hole that is still there so long after its first sighting is the provider's truth."""


def gaps(times: list[int], span: Span, bar: int, longest: int) -> list[Span]:
    """Return the pauses in `span` longer than `longest`, of sorted bar starts `times` (microseconds)."""
    starts = [span[0], *(at + bar for at in times)]
    ends = [*times, span[1]]
    return [(a, b) for a, b in zip(starts, ends, strict=True) if b - a > longest]


def missing_sessions(times: list[int], span: Span, zone: str, sessions: Sessions) -> list[Span]:
    """Return the sessions within `span`, after the first of `times`, on whose local date no bar starts."""
    if not times:
        return []
    local = ZoneInfo(zone)
    present = {_day(at, local) for at in times}
    first, last = _day(times[0], local), _day(span[1] - 1, local)
    absent: list[Span] = []
    before_absent = False
    for day in sessions(first, last):
        start, end = _midnight(day, local), _midnight(day + timedelta(days=1), local)
        lacks = day not in present and span[0] <= start and end <= span[1]
        if lacks and before_absent:  # a run of absent sessions is one hole, over its weekends
            absent[-1] = (absent[-1][0], end)
        elif lacks:
            absent.append((start, end))
        before_absent = lacks
    return absent


def remembered(old: list[Hole], found: list[Span], page: Span, now: int) -> list[Hole]:
    """Return the holes after a page: those elsewhere, and what was found in it with its first sighting."""
    elsewhere = [h for h in old if not _touch((h.start, h.end), page)]
    inside = union((max(start, page[0]), min(end, page[1])) for start, end in found)
    seen = [
        min([h.first_seen for h in old if _touch((h.start, h.end), span)], default=now) for span in inside
    ]
    return elsewhere + [Hole(*span, first) for span, first in zip(inside, seen, strict=True)]


def covered(page: Span, holes: list[Hole], now: int) -> list[Span]:
    """Return the parts of `page` that need not be asked for again."""
    return subtract([page], [(h.start, h.end) for h in holes if now - h.first_seen < SETTLED])


def _touch(a: Span, b: Span) -> bool:
    return a[0] < b[1] and b[0] < a[1]


def _day(at: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(at / 1e6, zone).date()


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC).timestamp() * 1e6)
