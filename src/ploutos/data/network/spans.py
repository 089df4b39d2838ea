"""Sets of time: sorted, disjoint, half-open spans [start, end) in microseconds since the epoch, UTC."""

from collections.abc import Iterable

Span = tuple[int, int]


def union(*groups: Iterable[Span]) -> list[Span]:
    """Return the spans of all groups; spans that touch become one."""
    merged: list[Span] = []
    for start, end in sorted(span for group in groups for span in group):
        if end <= start:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def subtract(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """Return what of `spans` lies in none of `holes`."""
    left = union(spans)
    for hole_start, hole_end in union(holes):
        parts = []
        for start, end in left:
            parts += [(start, min(end, hole_start)), (max(start, hole_end), end)]
        left = [(start, end) for start, end in parts if start < end]
    return left


def inside(spans: Iterable[Span], outer: Iterable[Span]) -> bool:
    """Return whether `outer` covers every span."""
    return not subtract(spans, outer)


def together(spans: Iterable[Span], length: int) -> list[Span]:
    """Join spans, with what lies between them, as long as the whole is no longer than `length`."""
    joined: list[Span] = []
    for start, end in union(spans):
        if joined and end - joined[-1][0] <= length:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def pages(span: Span, length: int) -> list[Span]:
    """Cut a span into pieces no longer than `length`, oldest first."""
    start, end = span
    return [(at, min(at + length, end)) for at in range(start, end, length)]
