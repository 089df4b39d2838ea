"""How much more likely a gap is under a split than under an ordinary move of the same name."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

WHOLE = (*range(2, 31), 35, 40, 45, 50, 60, 75, 80, 100, 125, 150, 200, 250, 300, 400, 500, 1000)
BONUS = ((11, 10), (6, 5), (5, 4), (4, 3), (7, 5), (3, 2), (8, 5), (5, 3), (7, 4), (5, 2), (7, 2))
RATIOS = (
    *((n, 1) for n in WHOLE),
    *BONUS,
    *((1, n) for n in WHOLE),
    *((old, new) for new, old in BONUS if old == 2),  # nobody makes ten shares of eleven
)
"""(new, old) shares of the splits, reverse splits and bonus issues that are looked for."""
LOG_RATIOS = np.log([new / old for new, old in RATIOS])
ROUND = (2, 3, 4, 5, 10, 15, 20, 25, 50, 100)
RARITY = np.array([0.0 if max(pair) in ROUND and min(pair) <= 3 else 1.0 for pair in RATIOS])
RARITY[[RATIOS.index((6, 5)), RATIOS.index((11, 10))]] = 1.5, 2.0
"""How much less usual each is, in log odds; moves as small as the last two are usual without a split."""

DEGREES = 3.0
"""Of freedom: gaps of single names have tails about as fat as a Student t with three."""
QUIET = 1.2
"""Standard deviation, in logs, of what lies below the mean of a split: a quieter day speaks for nothing, one
without trading, as after a collapse, against it."""
TURNOVER = ((0.3, 0.4), (1.9, 1.3))
"""Mean and standard deviation of the log of a session's turnover over its usual one, with a split and with a
real jump. Those of jumps were measured on daily bars of 1962 to 2017, so were those of `SPAN`."""
REVERSED = ((0.6, 1.2), (4.0, 2.0))
"""The same for a rise to three times and more: reverse splits are made by names in trouble."""
THREEFOLD = float(np.log(3.0)) - 0.05
SPAN = ((0.4, 0.7), (1.1, 0.7))
"""The same of the log of the session's high over low, over its usual one."""

MOST_CALM, LEAST_CALM = 2.0, -8.0
"""Bounds of what one of them may say."""
CROWDED = 5.0
"""Times the usual turnover from which on a gap that is not `REVERSED` is no split, whatever its size."""


def scale(moves: Floats, floor: float) -> float:
    """Return a robust standard deviation of log moves [W], at least `floor`.

    The larger of those that the median and the 90th percentile of |move| imply: the second knows names that
    rarely trade, whose median move is nothing.
    """
    size = np.abs(moves)
    return max(1.4826 * float(np.median(size)), float(np.quantile(size, 0.9)) / 1.645, floor)


def step(close: Floats) -> float:
    """Return the log distance of neighbouring price levels among closes [W]: how coarsely they are quoted."""
    levels = np.unique(np.round(np.log(close), 4))
    return float(np.quantile(np.diff(levels), 0.1)) if levels.size > 1 else 0.0


def log_t(z: float | Floats) -> float | Floats:
    """Return the log density of a Student t with `DEGREES`, up to a constant."""
    return -0.5 * (DEGREES + 1) * np.log1p(np.square(z) / DEGREES)


def for_split(move: float, split: float, width: float) -> float:
    """Return the log likelihood ratio of a log `move` with a split (log) in it over one without."""
    return float(log_t((move - split) / width) - log_t(move / width))


def nearest_ratio(move: float, width: float) -> int:
    """Return the place in `RATIOS` of the likeliest split in a log move; the rest has the scale `width`."""
    return int((log_t((move - LOG_RATIOS) / width) - RARITY).argmax())


def ratio_text(place: int) -> str:
    """Return such as "3:2": new for old shares."""
    new, old = RATIOS[place]
    return f"{new}:{old}"


def calm(value: Floats, usual: Floats, given: tuple[tuple[float, float], tuple[float, float]]) -> Floats:
    """Return the log likelihood ratios of sessions' turnover or span (`value`) under a split over a jump.

    A split changes neither; a real jump comes with many times the usual. Bounded; 0 where there is no value.
    """
    known = (value > 0) & (usual > 0)
    deviation = np.log(np.where(known, value, 1.0) / np.where(known, usual, 1.0))
    (split, split_sd), (jump, jump_sd) = given
    width = np.where(deviation > split, split_sd, max(split_sd, QUIET))
    above = np.maximum(deviation, split)
    ratio = 0.5 * ((above - jump) / jump_sd) ** 2 - 0.5 * ((deviation - split) / width) ** 2
    bounded = np.clip(ratio + np.log(jump_sd / split_sd), LEAST_CALM, MOST_CALM)
    return np.where(known, bounded, 0.0)
