"""Labelling and resampling one row at a time, with nothing but date-times of the standard library."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

NOTHING = dict.fromkeys(
    ("rows_outside_session", "rows_mixed_bar", "rows_clipped", "rows_no_session", "rows_impossible_time"), 0
)


def instants(wall, zone):
    """Return the instants, none to two, that show `wall` on the clocks of `zone`."""
    found = []
    for fold in (0, 1):
        instant = wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)
        if instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall and instant not in found:
            found.append(instant)
    return found


def slow_labels(rows, sessions, *, label, bar_minutes, input_timezone, partial_bars):
    """Return [(ts, *rest)] and the counts for rows (ts, *rest) and sessions (date, open, close)."""
    length, kept, told = timedelta(minutes=bar_minutes), [], dict(NOTHING)
    for ts, *rest in rows:
        times = instants(ts, input_timezone) if ts.tzinfo is None else [ts]
        ends = [time + length if label == "open" else time for time in times]
        touched = [(end, [s for s in sessions if end - length < s[2] and s[1] < end]) for end in ends]
        trading = [(end, spans) for end, spans in touched if spans]
        if not ends or len(trading) == 2:
            told["rows_impossible_time"] += 1
        elif not trading:
            told["rows_outside_session"] += 1
        else:
            ((end, spans),) = trading
            _, opens, closes = spans[0]
            if len(spans) == 1 and opens <= end - length and end <= closes:
                kept.append((end, *rest))
            elif len(spans) > 1 or partial_bars == "drop":
                told["rows_mixed_bar"] += 1
            else:
                told["rows_clipped"] += 1
                kept.append((min(end, closes), *rest))
    return kept, told


def slow_resample(rows, sessions, *, minutes, anchor, timezone):
    """Return {(ticker, ts): [open, high, low, close, volume]} of rows (ts, ticker, o, h, l, c, v).

    Walks the edges of each session on the wall clock, so it is right where no session sees the clock change.
    """
    bars = {}
    for ts, ticker, *values in sorted(rows, key=lambda row: (row[1], row[0])):
        ((_, opens, closes),) = [s for s in sessions if s[1] < ts <= s[2]]
        edge = closes if minutes is None else next_edge(opens, ts, minutes, anchor, timezone)
        bar = bars.setdefault((ticker, min(edge, closes)), [*values[:4], 0.0])
        bar[1], bar[2] = max(bar[1], values[1]), min(bar[2], values[2])
        bar[3], bar[4] = values[3], bar[4] + values[4]
    return bars


def next_edge(opens, ts, minutes, anchor, timezone):
    zone = ZoneInfo(timezone)
    wall = opens.astimezone(zone).replace(tzinfo=None)
    edge = datetime.combine(wall.date(), datetime.min.time()) if anchor == "clock" else wall
    while edge.replace(tzinfo=zone).astimezone(UTC) < ts:
        edge += timedelta(minutes=minutes)
    return edge.replace(tzinfo=zone).astimezone(UTC)
