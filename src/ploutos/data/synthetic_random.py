"""Random draws of the synthetic market: named streams, fat-tailed noise, an autoregression."""

from enum import IntEnum

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


class Stream(IntEnum):
    """Independent random streams of one seed, so that one setting does not reshuffle another's draws."""

    REGIME = 0
    ASSETS = 1
    MARKET = 2
    FACTORS = 3
    SIGNAL = 4
    IDIO_GAP = 5
    IDIO_BODY = 6
    RANGE = 7
    VOLUME = 8
    DELISTING = 9
    MACRO = 10


def generator(seed: int, stream: Stream) -> np.random.Generator:
    """Return the generator of one stream."""
    return np.random.default_rng([seed, int(stream)])


def fat_noise(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    *,
    tail_dof: float,
    jump_probability: float,
    jump_scale: float,
) -> FloatArray:
    """Draw zero-mean noise of unit variance: Student's t plus rare normal jumps.

    `(t sqrt((v-2)/v) + B J n) / sqrt(1 + p J^2)` with t of v = `tail_dof` degrees of freedom, B Bernoulli of
    p = `jump_probability`, J = `jump_scale`, n standard normal. Each kind of draw has its own child
    generator, so that more rows leave the first ones as they are.
    """
    tails, arrivals, sizes = rng.spawn(3)
    noise = tails.standard_t(tail_dof, shape)
    noise *= np.sqrt((tail_dof - 2) / tail_dof)
    jumps = np.nonzero(arrivals.random(shape) < jump_probability)
    noise[jumps] += jump_scale * sizes.standard_normal(jumps[0].size)
    noise /= np.sqrt(1 + jump_probability * jump_scale**2)
    return noise


def ar1(rng: np.random.Generator, shape: tuple[int, int], *, half_life: float) -> FloatArray:
    """Draw a stationary first-order autoregression of unit variance along the first axis.

    `x_t = phi x_{t-1} + sqrt(1 - phi^2) e_t` with `phi = 2^(-1/half_life)`, so the autocorrelation at lag
    `half_life` is one half. Solved by recursive doubling: after the pass with shift k, x_t holds the sum of
    its last 2k innovations.
    """
    phi = 2.0 ** (-1 / half_life)
    x = rng.standard_normal(shape)
    x[1:] *= np.sqrt(1 - phi**2)
    shift = 1
    while shift < shape[0] and phi**shift > 1e-18:
        x[shift:] += phi**shift * x[:-shift]
        shift *= 2
    return x
