"""One pass over a column for each operation; loops that the compiler turns into vector instructions.

All arrays [m] are the same rows of different columns; `b`, `d`, `f` may lie earlier. None overlaps `out`.
"""

import math

import numpy as np
import numpy.typing as npt

from ploutos.hardware.compiled import rare

Floats = npt.NDArray[np.float64]


@rare
def add(out: Floats, a: Floats, b: Floats) -> None:
    """Write a + b."""
    for j in range(len(out)):
        out[j] = a[j] + b[j]


@rare
def subtract(out: Floats, a: Floats, b: Floats) -> None:
    """Write a - b."""
    for j in range(len(out)):
        out[j] = a[j] - b[j]


@rare
def multiply(out: Floats, a: Floats, b: Floats) -> None:
    """Write a * b."""
    for j in range(len(out)):
        out[j] = a[j] * b[j]


@rare
def divide(out: Floats, a: Floats, b: Floats) -> None:
    """Write a / b."""
    for j in range(len(out)):
        out[j] = a[j] / b[j]


@rare
def take_higher(out: Floats, a: Floats, b: Floats) -> None:
    """Write max(a, b), NaN if either is."""
    for j in range(len(out)):
        out[j] = a[j] if (a[j] > b[j]) | (a[j] != a[j]) else b[j]


@rare
def take_lower(out: Floats, a: Floats, b: Floats) -> None:
    """Write min(a, b), NaN if either is."""
    for j in range(len(out)):
        out[j] = a[j] if (a[j] < b[j]) | (a[j] != a[j]) else b[j]


@rare
def ratio(out: Floats, a: Floats, b: Floats) -> None:
    """Write a / b, 0 where b is 0."""
    for j in range(len(out)):
        whole, none = a[j] / b[j], 0.0 * a[j]
        out[j] = none if b[j] == 0.0 else whole


@rare
def exceeds(out: Floats, a: Floats, b: Floats) -> None:
    """Write 1 where a > b, else 0."""
    for j in range(len(out)):
        out[j] = (1.0 if a[j] > b[j] else 0.0) + 0.0 * (a[j] + b[j])


@rare
def threshold(out: Floats, a: Floats, p: float) -> None:
    """Write a, 0 where |a| <= p."""
    for j in range(len(out)):
        out[j] = 0.0 if abs(a[j]) <= p else a[j]


@rare
def threshold_by(out: Floats, a: Floats, b: Floats, p: float) -> None:
    """Write a, 0 where |a| <= p |b|."""
    for j in range(len(out)):
        out[j] = 0.0 if abs(a[j]) <= p * abs(b[j]) else a[j]


@rare
def blend(out: Floats, a: Floats, b: Floats, p: float) -> None:
    """Write a + p b."""
    for j in range(len(out)):
        out[j] = a[j] + p * b[j]


@rare
def towards(out: Floats, a: Floats, b: Floats, p: float) -> None:
    """Write a + p (b - a)."""
    for j in range(len(out)):
        out[j] = a[j] + p * (b[j] - a[j])


@rare
def plus(out: Floats, a: Floats, p: float) -> None:
    """Write a + p."""
    for j in range(len(out)):
        out[j] = a[j] + p


@rare
def times(out: Floats, a: Floats, p: float) -> None:
    """Write p a."""
    for j in range(len(out)):
        out[j] = a[j] * p


@rare
def at_least(out: Floats, a: Floats, p: float) -> None:
    """Write max(a, p)."""
    for j in range(len(out)):
        out[j] = p if a[j] < p else a[j]


@rare
def at_most(out: Floats, a: Floats, p: float) -> None:
    """Write min(a, p)."""
    for j in range(len(out)):
        out[j] = p if a[j] > p else a[j]


@rare
def copy(out: Floats, a: Floats) -> None:
    """Write a."""
    for j in range(len(out)):
        out[j] = a[j]


@rare
def logarithm(out: Floats, a: Floats) -> None:
    """Write log a."""
    for j in range(len(out)):
        out[j] = math.log(a[j]) if a[j] >= 0.0 else np.nan


@rare
def logarithm_or_zero(out: Floats, a: Floats) -> None:
    """Write log a, 0 where a is 0."""
    for j in range(len(out)):
        if a[j] > 0.0:
            out[j] = math.log(a[j])
        else:
            out[j] = 0.0 if a[j] == 0.0 else np.nan


@rare
def root(out: Floats, a: Floats) -> None:
    """Write sqrt a."""
    for j in range(len(out)):
        out[j] = math.sqrt(a[j])


@rare
def magnitude(out: Floats, a: Floats) -> None:
    """Write |a|."""
    for j in range(len(out)):
        out[j] = abs(a[j])


@rare
def sign(out: Floats, a: Floats) -> None:
    """Write -1, 0 or 1."""
    for j in range(len(out)):
        out[j] = (1.0 if a[j] > 0.0 else 0.0) - (1.0 if a[j] < 0.0 else 0.0) + 0.0 * a[j]


@rare
def comoment(out: Floats, a: Floats, b: Floats, c: Floats, d: Floats, e: Floats, f: Floats, p: float) -> None:
    """Write a + b + p (c - d) (e - f)."""
    for j in range(len(out)):
        out[j] = a[j] + b[j] + p * (c[j] - d[j]) * (e[j] - f[j])


@rare
def position(out: Floats, a: Floats, b: Floats, c: Floats, d: Floats, p: float) -> None:
    """Write c where a >= b - p |b|, else d."""
    for j in range(len(out)):
        out[j] = c[j] if a[j] >= b[j] - p * abs(b[j]) else d[j]


@rare
def since(out: Floats, a: Floats, row: int, first: int) -> None:
    """Write a from row number `first` on; 0 before."""
    for j in range(len(out)):
        out[j] = a[j] if row + j >= first else 0.0


@rare
def weighted(out: Floats, a: Floats, sums: Floats, row: int, first: int, least: float) -> None:
    """Write a over the sum of weights of the rows since number `first`; NaN for the first `least` ones."""
    for j in range(len(out)):
        k = row + j - first
        out[j] = a[j] / sums[min(k, len(sums) - 1)] if k >= least else np.nan


@rare
def absolute_deviation(out: Floats, centre: Floats, x: Floats, rows: int) -> None:
    """Write the mean of |x - centre| over `rows` rows; `x` [m + rows - 1] begins `rows` - 1 earlier."""
    m = len(out)
    for j in range(m):
        out[j] = 0.0
    for k in range(rows):
        for j in range(m):
            out[j] += abs(x[k + j] - centre[j])
    for j in range(m):
        out[j] /= rows


@rare
def narrow(out: npt.NDArray[np.float32], a: Floats) -> None:
    """Write a as float32."""
    for j in range(len(out)):
        out[j] = a[j]
