"""Which times are tried: spread over the data, and where mistakes like to hide."""

from itertools import chain, pairwise, zip_longest

import numpy as np
import numpy.typing as npt

from ploutos.panel.panel import Panel

EARLIEST = 2  # rows before the first cut


def choose_cuts(panel: Panel, count: int, seed: int) -> list[int]:
    """Return up to `count` rows t of `panel`, the most telling first; data after t will be changed.

    In turns: any rows, one in each of equal stretches; last bars of sessions; last bars of quarters; bars in
    the middle of quarters; bars before and in gaps; bars at which a ticker is paid out, and those before.
    """
    rng = np.random.default_rng([seed, 5])
    rows, dates = len(panel.ts), panel.clock.dates(panel.ts)
    quarter = dates.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) // 3
    turns = np.flatnonzero(np.diff(quarter))
    ends = np.flatnonzero(np.diff(dates))
    middles = (turns[1:] + turns[:-1]) // 2
    gaps = _gaps(panel)
    paid = panel.delist_bar[panel.delist_bar > 0].astype(np.int64)
    edges = np.linspace(EARLIEST, rows - 1, count + 1)
    spread = rng.permutation([int(rng.uniform(a, b)) for a, b in pairwise(edges)])
    groups = [
        spread,
        *(rng.permutation(found) for found in (middles, turns, ends, gaps, np.append(paid - 1, paid))),
    ]
    mixed = (int(t) for t in chain.from_iterable(zip_longest(*groups)) if t is not None)
    kept = list(dict.fromkeys(t for t in mixed if EARLIEST <= t < rows - 1))
    return kept[:count]


def _gaps(panel: Panel) -> npt.NDArray[np.int64]:
    """Return rows in which a ticker that trades before and after has no bar, and the rows before them."""
    traded = np.isfinite(panel.open)
    begun = np.logical_or.accumulate(traded, axis=0)
    still = np.logical_or.accumulate(traded[::-1], axis=0)[::-1]
    inside = np.flatnonzero((begun & still & ~traded).any(axis=1))
    return np.unique(np.append(inside, inside - 1))
