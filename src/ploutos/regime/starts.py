"""Where expectation-maximisation begins: rough guesses at what the states of a market look like.

One kind of guess finds one kind of state: regimes that last, regimes that differ in how far the series
stray, regimes that lie apart. A search takes the kinds in turn, since nobody knows beforehand which it is.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SHORTEST = 20  # sessions of a segment, about a month, where the window has so many for each state
PRIOR = 5.0  # rows of the whole window that a segment's covariance counts beside its own
WIDTH_OF_SCALES = 1.0  # deviation of the logarithm of a state's variance, relative to the window's


class Guess(NamedTuple):
    """Moments of K states: means [K, D] and covariances [K, D, D]."""

    means: Floats
    covariances: Floats


def guess(values: Floats, states: int, number: int, rng: np.random.Generator) -> Guess:
    """Return guess `number` of a search, the kinds in turn.

    Parameters
    ----------
    values : [R, D] standardised, one after the other in time.
    """
    return KINDS[number % len(KINDS)](values, states, rng)


def segments(values: Floats, states: int, rng: np.random.Generator) -> Guess:
    """Return the moments of K random stretches of time of one length: market states last.

    A stretch holds few rows, so its covariance is drawn towards that of the window.
    """
    rows, whole = len(values), np.cov(values.T, ddof=0).reshape(values.shape[1], -1)
    longest = max(2, rows // (2 * states))
    length = int(rng.integers(min(SHORTEST, longest), longest + 1))
    means, covariances = [], []
    for first in rng.integers(0, rows - length + 1, states):
        part = values[first : first + length]
        own = (part - part.mean(axis=0)).T @ (part - part.mean(axis=0))
        means.append(part.mean(axis=0))
        covariances.append((own + PRIOR * whole) / (length + PRIOR))
    return Guess(np.array(means), np.array(covariances))


def scales(values: Floats, states: int, rng: np.random.Generator) -> Guess:
    """Return states around random rows, half-way to the mean, of covariances that differ in size alone."""
    whole = np.cov(values.T, ddof=0).reshape(values.shape[1], -1)
    size = np.exp(rng.normal(0.0, WIDTH_OF_SCALES, states))
    centre = values.mean(axis=0)
    means = centre + 0.5 * (values[rng.integers(0, len(values), states)] - centre)
    return Guess(means, size[:, None, None] * whole)


def spread_out(values: Floats, states: int, rng: np.random.Generator) -> Guess:
    """Return states around rows far apart, with the covariance of all rows around the nearest of these.

    Each row is drawn with a probability proportional to its squared distance from those before it.

    References
    ----------
    Arthur & Vassilvitskii, k-means++: The Advantages of Careful Seeding, Proceedings of SODA 2007.
    """
    chosen = [int(rng.integers(len(values)))]
    distance = ((values - values[chosen[0]]) ** 2).sum(axis=1)
    nearest = np.zeros(len(values), np.int64)
    for k in range(1, states):
        total = float(distance.sum())
        chances = distance / total if total > 0 else None
        chosen.append(int(rng.choice(len(values), p=chances)))
        apart = ((values - values[chosen[k]]) ** 2).sum(axis=1)
        nearest[apart < distance] = k
        distance = np.minimum(distance, apart)
    means = values[chosen]
    rest = values - means[nearest]
    return Guess(means, np.tile(rest.T @ rest / len(values), (states, 1, 1)))


KINDS: tuple[Callable[[Floats, int, np.random.Generator], Guess], ...] = (segments, scales, spread_out)
