"""The hidden regime of the synthetic market, one state a session."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ploutos.data.synthetic_random import Stream, generator
from ploutos.data.synthetic_settings import Regime


def regime_path(seed: int, sessions: int, regimes: Sequence[Regime]) -> npt.NDArray[np.int8]:
    """Draw the regime of each session, [sessions], as an index into `regimes`.

    A Markov chain: a regime of mean duration d ends after a session with probability 1/d and passes to one
    of the others with equal probability. It starts in its stationary distribution, which is proportional
    to d.
    """
    rng = generator(seed, Stream.REGIME)
    durations = np.array([regime.mean_sessions for regime in regimes])
    count = len(regimes)
    path = np.empty(sessions, dtype=np.int8)
    state = int(rng.choice(count, p=durations / durations.sum()))
    start = 0
    while start < sessions:
        length = int(rng.geometric(1 / durations[state])) if count > 1 else sessions
        path[start : start + length] = state
        start += length
        if count > 1:
            state = (state + int(rng.integers(1, count))) % count
    return path
