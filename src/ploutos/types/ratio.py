"""Mean over deviation: one rule for when a deviation is one."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

ROUNDING = 1e-9  # of the level: returns that vary by less vary by rounding, of the ledger or of the prices
MOST = 1e7  # a mean of more deviations is a constant with rounding on top, not a result


def varies(mean: Floats, deviation: Floats) -> npt.NDArray[np.bool_]:
    """Say elementwise whether simple returns of this mean and deviation vary by more than rounding.

    A return is a quotient of two amounts less 1, so rounding is relative to the level 1 + mean, however small
    the mean; rounded prices (1e-10 of them) count as rounding too.
    """
    size = np.abs(mean)
    return np.asarray((deviation > ROUNDING * (1.0 + size)) & (deviation * MOST > size))


def ratio(mean: Floats, deviation: Floats) -> Floats:
    """Return mean / deviation of returns, elementwise; 0 where the deviation is rounding (`varies`)."""
    found: Floats = np.divide(mean, deviation, out=np.zeros_like(deviation), where=varies(mean, deviation))
    return found
