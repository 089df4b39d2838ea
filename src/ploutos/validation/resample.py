"""The stationary bootstrap, and Sharpe ratios of what it draws."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ploutos.backtest.metrics import annual_ratio
from ploutos.types import PloutosError

Floats = npt.NDArray[np.float64]

_CHUNK_CELLS = 2_000_000  # bounds memory: a few arrays of this many cells live at once
MIN_BLOCKS = 5  # a sample of fewer blocks says nothing about its own variation


def stationary_indices(
    rng: np.random.Generator, *, resamples: int, sessions: int, block_sessions: float
) -> npt.NDArray[np.int64]:
    """Return row indices [resamples, sessions] of stationary bootstrap samples.

    Blocks start at uniform rows and have geometric length of mean `block_sessions`; the series wraps
    around, so every row is drawn equally often. Politis, D. & Romano, J. (1994), "The Stationary
    Bootstrap", Journal of the American Statistical Association 89(428), section 2.
    """
    shape = (resamples, sessions)
    opens = rng.random(shape) < 1.0 / block_sessions
    opens[:, 0] = True
    starts = rng.integers(0, sessions, size=shape)
    column = np.arange(sessions)
    opened = np.maximum.accumulate(np.where(opens, column, 0), axis=1)
    return (np.take_along_axis(starts, opened, axis=1) + column - opened) % sessions


def bootstrap_sharpe(
    returns: Floats, *, resamples: int, block_sessions: float, sessions_per_year: float, seed: int
) -> Floats:
    """Return annualised Sharpe ratios [K, resamples] of K series resampled by the *same* sessions.

    `returns` is [K, S]: simple session returns of K portfolios over the same sessions, so that dependence
    between portfolios and, within blocks, over time is kept. Raises PloutosError below `MIN_BLOCKS` blocks.
    """
    _, sessions = returns.shape
    if sessions < MIN_BLOCKS * block_sessions:
        raise PloutosError(
            f"{sessions} sessions are fewer than {MIN_BLOCKS} blocks of {block_sessions:g} sessions"
        )
    rng = np.random.default_rng(seed)
    draws = (
        _sharpe_rows(returns[:, rows], sessions_per_year)
        for rows in _chunks(rng, resamples=resamples, sessions=sessions, block_sessions=block_sessions)
    )
    return np.concatenate(list(draws), axis=1)


def _chunks(
    rng: np.random.Generator, *, resamples: int, sessions: int, block_sessions: float
) -> Iterator[npt.NDArray[np.int64]]:
    step = max(1, _CHUNK_CELLS // sessions)
    for done in range(0, resamples, step):
        yield stationary_indices(
            rng,
            resamples=min(step, resamples - done),
            sessions=sessions,
            block_sessions=block_sessions,
        )


def _sharpe_rows(samples: Floats, sessions_per_year: float) -> Floats:
    """Return annualised Sharpe ratios over the last axis of `samples` [K, B, S]."""
    return annual_ratio(samples.mean(axis=-1), samples.std(axis=-1, ddof=1), sessions_per_year)
