"""What the gaps between sessions say about splits: declared ones that are not there, others that are."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.data.quality.jump_evidence import (
    CROWDED,
    LOG_RATIOS,
    MOST_CALM,
    RARITY,
    REVERSED,
    SPAN,
    THREEFOLD,
    TURNOVER,
    calm,
    for_split,
    log_t,
    nearest_ratio,
    scale,
    step,
)
from ploutos.data.quality.places import Ints
from ploutos.data.quality.session_bars import Floats, SessionBars

AROUND = 60
"""Sessions on either side from which a name's own volatility is taken; the gap itself takes no part."""
FEWEST = 20
"""Of them, below which nothing is said."""
USUAL = 20
"""Sessions before, whose median is the usual turnover and span."""
LONGEST = 20
"""Sessions without a bar after which a price is compared with nothing."""
STUCK = 0.3
"""Share of sessions that close exactly where the one before did, from which on a name hardly trades."""
GAP_FLOOR, FALL_FLOOR = 0.005, 0.005
"""Smallest scale of a gap and of a session's return, logs."""
UNKNOWN = 0.03
"""Scale of a gap where a name has too few sessions to tell."""
SMALLEST = 0.05
"""Log gap below which no split is looked for."""
NARROWEST = 1.3
"""Scales in the median of |move|, less a little: for a first look."""
SETTLED = 3
"""Sessions whose median close is the level before and after a gap."""
LEVEL = 1.6
"""Scale of the move from a close to the level after it, in scales of a session's return."""


@dataclass(frozen=True, kw_only=True)
class Jump:
    """A gap that looks like a split which nobody declared.

    Attributes
    ----------
    pair : place in `SessionBars`.
    ratio : place in `jump_evidence.RATIOS`.
    evidence : log likelihood ratio of that split over an ordinary jump.
    """

    pair: int
    ratio: int
    evidence: float


def undeclared(bars: SessionBars, declared: Floats, least: float) -> list[Jump]:
    """Return the gaps with at least the evidence `least`; `declared` [K] is the log move of known actions."""
    move = bars.gap - declared
    found = []
    for pair, quiet in _worth_a_look(bars, move, least):
        around = _around(bars, pair)
        if around.size < FEWEST or _hardly_trades(bars, around):
            continue
        width = _gap_scale(bars, pair, around)
        ratio = nearest_ratio(float(move[pair]), width)
        split = float(LOG_RATIOS[ratio])
        gap = for_split(float(move[pair]), split, width)
        quiet -= float(RARITY[ratio])
        if gap + quiet < least:
            continue
        evidence = min(gap, _stays(bars, pair, around, split, declared)) + quiet
        if evidence >= least:
            found.append(Jump(pair=pair, ratio=ratio, evidence=evidence))
    return found


def contradicted(bars: SessionBars, pair: int, split: float, other: float) -> float:
    """Return the log likelihood ratio of the gap with `other` in it (log) over one with the declared `split`.

    Both include what is known of dividends; 0 for a price that did not move.
    """
    around = _around(bars, pair)
    width = UNKNOWN if around.size < FEWEST else _gap_scale(bars, pair, around)
    move = float(bars.gap[pair])
    return for_split(move, other, width) - for_split(move, split, width)


def _worth_a_look(bars: SessionBars, move: Floats, least: float) -> list[tuple[int, float]]:
    """Return the pairs that could reach the evidence, and what turnover and span say for each."""
    compared = (bars.elapsed > 0) & (bars.elapsed <= LONGEST) & (np.abs(move) > SMALLEST)
    pairs = np.flatnonzero(compared)
    if not pairs.size:
        return []
    size = _usual(bars, np.abs(bars.gap), 2 * AROUND + 1, center=True)[pairs]
    width = np.maximum(GAP_FLOOR, NARROWEST * size)
    nearest = np.abs(move[pairs, None] - LOG_RATIOS).min(axis=1)
    most = np.asarray(log_t(nearest / width) - log_t(move[pairs] / width))
    near = most + 2 * MOST_CALM >= least
    pairs, most = pairs[near], most[near]
    quiet = _quiet(bars, pairs, move[pairs])
    chosen = most + quiet >= least
    return list(zip(pairs[chosen].tolist(), quiet[chosen].tolist(), strict=True))


def _usual(bars: SessionBars, values: Floats, sessions: int, *, center: bool) -> Floats:
    """Return [K] medians over a ticker's sessions: those around a pair, or those before it."""
    median = pl.col("value").rolling_median(sessions, min_samples=1, center=center)
    frame = pl.DataFrame({"owner": bars.owner, "value": values})
    return frame.select((median if center else median.shift(1)).over("owner"))["value"].to_numpy()


def _quiet(bars: SessionBars, pairs: Ints, move: Floats) -> Floats:
    """Return what the sessions' turnover and span say for a split, log likelihood ratios."""
    turnover, span = bars.turnover[pairs], bars.span[pairs]
    usual = _usual(bars, bars.turnover, USUAL, center=False)[pairs]
    reversed_ = move < -THREEFOLD
    quiet = np.where(reversed_, calm(turnover, usual, REVERSED), calm(turnover, usual, TURNOVER))
    quiet += calm(span, _usual(bars, bars.span, USUAL, center=False)[pairs], SPAN)
    crowded = ~reversed_ & (turnover > CROWDED * usual) & (usual > 0)
    return np.where(crowded, -np.inf, quiet)


def _around(bars: SessionBars, pair: int) -> npt.NDArray[np.int64]:
    ticker = int(np.searchsorted(bars.first, pair, side="right")) - 1
    first, last = int(bars.first[ticker]), int(bars.first[ticker + 1])
    before = np.arange(max(first + 1, pair - AROUND), pair)
    return np.concatenate([before, np.arange(pair + 1, min(last, pair + 1 + AROUND))])


def _hardly_trades(bars: SessionBars, around: Ints) -> bool:
    return float(np.mean(bars.close[around] == bars.before[around])) > STUCK


def _gap_scale(bars: SessionBars, pair: int, around: Ints) -> float:
    width = max(scale(bars.gap[around], GAP_FLOOR), step(bars.close[around]))
    return width * float(np.sqrt(bars.elapsed[pair]))


def _stays(bars: SessionBars, pair: int, around: Ints, split: float, declared: Floats) -> float:
    """Return what the levels before and after say for a split; -inf where the close before is no level."""
    before, after = _levels(bars, pair)
    apart = abs(float(np.log(bars.before[pair] / before)))
    if apart > abs(split) / 2 and not declared[max(0, pair - SETTLED) : pair].any():
        return -np.inf
    width = LEVEL * max(scale(bars.fall[around], FALL_FLOOR), step(bars.close[around]))
    stays = float(np.log(bars.before[pair] / after)) - float(declared[pair])
    return for_split(stays, split, width * float(np.sqrt(bars.elapsed[pair])))


def _levels(bars: SessionBars, pair: int) -> tuple[float, float]:
    """Return the median closes of the sessions before the gap and of those after it."""
    ticker = int(np.searchsorted(bars.first, pair, side="right")) - 1
    first, last = int(bars.first[ticker]), int(bars.first[ticker + 1])
    before = bars.close[max(first, pair - SETTLED) : pair]
    return float(np.median(before)), float(np.median(bars.close[pair : min(last, pair + SETTLED)]))
