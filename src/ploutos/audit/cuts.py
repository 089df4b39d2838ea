"""Which times are tried: spread over the data, and where mistakes like to hide."""

from collections.abc import Iterable, Sequence
from itertools import chain, pairwise, zip_longest

import numpy as np
import numpy.typing as npt

from ploutos.panel.panel import Panel

EARLIEST = 2  # rows before the first cut
DAY = 86_400_000_000  # microseconds

Rows = npt.NDArray[np.int64]


def choose_cuts(panel: Panel, count: int, seed: int) -> list[int]:
    """Return up to `count` rows t of `panel`, the most telling first; data after t will be changed.

    In turns: any rows, one in each of equal stretches; bars in the middle of quarters; last bars of quarters,
    first bars of quarters; last and first bars of months; last bars of sessions; each time of the day; bars
    before and in gaps; bars at which a ticker is paid out, or comes in, and those before.
    """
    rng = np.random.default_rng([seed, 5])
    rows, dates = len(panel.ts), panel.clock.dates(panel.ts)
    month = dates.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    turns, months = np.flatnonzero(np.diff(month // 3)), np.flatnonzero(np.diff(month))
    edges = np.linspace(EARLIEST, rows - 1, count + 1)
    spread = np.array([int(rng.uniform(a, b)) for a, b in pairwise(edges)])
    groups = [
        spread,
        (turns[1:] + turns[:-1]) // 2,
        turns,
        _around_listings(panel),
        turns + 1,
        np.append(months, months + 1),
        np.flatnonzero(np.diff(dates)),
        _gaps(panel),
    ]
    mixed = in_turns([*(rng.permutation(found) for found in groups), _times_of_day(panel, rng)])
    return usable(mixed, rows)[:count]


def cuts_at_changes(values: npt.NDArray[np.bool_], others: Sequence[int], count: int, seed: int) -> list[int]:
    """Return up to `count` rows t: in turns `others`, rows at which `values` [T, N] change, and those before.

    What was decided with a look at the next bars only shows when the data change right after the decision.
    """
    rng = np.random.default_rng([seed, 7])
    changed = 1 + np.flatnonzero((values[1:] != values[:-1]).any(axis=1))
    mixed = in_turns([others, rng.permutation(changed), rng.permutation(changed) - 1])
    return usable(mixed, len(values))[:count]


def in_turns(groups: Sequence[Iterable[int]]) -> list[int]:
    """Return one of each group after the other, each group in its own order."""
    return [int(t) for t in chain.from_iterable(zip_longest(*groups)) if t is not None]


def usable(cuts: Iterable[int], rows: int) -> list[int]:
    """Return each cut once that has rows before and after it."""
    return list(dict.fromkeys(t for t in cuts if EARLIEST <= t < rows - 1))


def _around_listings(panel: Panel) -> Rows:
    """Return rows at which a ticker has its first or last bar or is paid out, and the rows before them."""
    traded = np.isfinite(panel.open)
    first = traded.argmax(axis=0)
    last = len(traded) - 1 - traded[::-1].argmax(axis=0)
    found = np.unique(np.concatenate([first, last, panel.delist_bar[panel.delist_bar > 0]]))
    return np.unique(np.append(found, found - 1))


def _times_of_day(panel: Panel, rng: np.random.Generator) -> list[int]:
    """Return all rows, such that the times of the day come in turns."""
    time = panel.ts % DAY
    return in_turns([rng.permutation(np.flatnonzero(time == each)) for each in np.unique(time)])


def _gaps(panel: Panel) -> Rows:
    """Return rows in which a ticker that trades before and after has no bar, and the rows before them."""
    traded = np.isfinite(panel.open)
    begun = np.logical_or.accumulate(traded, axis=0)
    still = np.logical_or.accumulate(traded[::-1], axis=0)[::-1]
    inside = np.flatnonzero((begun & still & ~traded).any(axis=1))
    return np.unique(np.append(inside, inside - 1))
