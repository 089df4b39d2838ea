"""Sums, moments, extremes and averages over the last n rows, which depend on those rows and on nothing else.

Running-sum implementations add the new row and subtract the old one: their last bits depend on everything
since the start of the column, a spike leaves a residue for ever, and constant input gives tiny deviations.
Here every value is built by doubling (2 rows, 4 rows, 8 rows, ...) in a fixed order, so equal windows give
equal bits wherever the column begins or ends. The blocks are columns of their own: windows share them.

Moments merge by Chan, Golub and LeVeque (1979): no cancellation, exact zeros on constant input.
"""

import math
from collections.abc import Callable
from dataclasses import replace

from ploutos.features.engine import operations as ops
from ploutos.features.engine.column import (
    ROW,
    Column,
    between,
    binary,
    operation,
    ratio,
    root,
)
from ploutos.types import ConfigError

State = tuple[Column, ...]
Merge = Callable[[State, int, State, int], State]
"""Joins what is known of the last n rows with what is known of the m rows before them."""

FORGOTTEN = 2.0**-26  # weight left to what an exponential average no longer sees; below float32's resolution


def _at_least(bars: int, least: int) -> None:
    """Refuse a window that is too short."""
    if bars < least:
        raise ConfigError(f"features: a window of {bars} rows; it must have {least} or more")


def _doubled(start: State, bars: int, merge: Merge) -> State:
    """Return the state of the last `bars` rows from that of one row: recent blocks are the small ones."""
    _at_least(bars, 1)
    block, size = start, 1
    while not bars & size:
        block, size = merge(block, size, block, size), 2 * size
    whole, covered = block, size
    while covered < bars:
        block, size = merge(block, size, block, size), 2 * size
        if bars & size:
            whole, covered = merge(whole, covered, block, size), covered + size
    return whole


def _overlapping(start: State, bars: int, merge: Merge) -> State:
    """Return the state of the last `bars` rows where rows may count twice: two blocks suffice."""
    _at_least(bars, 1)
    block, size = start, 1
    while 2 * size <= bars:
        block = merge(block, size, block, size)
        size *= 2
    return block if size == bars else merge(block, bars - size, block, size)


def total(x: Column, bars: int) -> Column:
    """Return the sum over the last `bars` rows."""
    return _doubled((x,), bars, lambda a, n, b, m: (binary(ops.ADD, a[0], b[0], n),))[0]


def mean(x: Column, bars: int) -> Column:
    """Return the mean over the last `bars` rows; that of equal numbers is that number."""
    return _doubled((x,), bars, lambda a, n, b, m: (_merged_mean(a[0], n, b[0], m),))[0]


def _merged_mean(a: Column, n: int, b: Column, m: int) -> Column:
    return binary(ops.TOWARDS, a, b, n, p=m / (n + m))


def covariance(x: Column, y: Column, bars: int) -> Column:
    """Return the population covariance over the last `bars` rows."""

    def merge(a: State, n: int, b: State, m: int) -> State:
        x, y = _merged_mean(a[0], n, b[0], m), _merged_mean(a[1], n, b[1], m)
        parts = [(a[2], 0), (b[2], n), (a[0], 0), (b[0], n), (a[1], 0), (b[1], n)]
        return x, y, operation(ops.COMOMENT, parts, n * m / (n + m))

    return _doubled((x, y, 0.0 * x), bars, merge)[2] / bars


def deviation(x: Column, bars: int) -> Column:
    """Return the population standard deviation over the last `bars` rows."""
    return root(covariance(x, x, bars))


def correlation(x: Column, y: Column, bars: int, *, deviations: tuple[Column, Column]) -> Column:
    """Return the correlation over the last `bars` rows, 0 where either of their `deviations` is 0."""
    return between(ratio(covariance(x, y, bars), deviations[0] * deviations[1]), -1.0, 1.0)


def slope(x: Column, bars: int) -> Column:
    """Return the slope per row of the least-squares line through the last `bars` rows, bars >= 2."""
    _at_least(bars, 2)

    def merge(a: State, n: int, b: State, m: int) -> State:
        # The blocks' mean times lie (n + m) / 2 rows apart.
        joint = binary(ops.ADD, a[1], b[1], n) + binary(ops.SUBTRACT, a[0], b[0], n) * (n * m / 2.0)
        return _merged_mean(a[0], n, b[0], m), joint

    return _doubled((x, 0.0 * x), bars, merge)[1] * (12.0 / (bars * (bars**2 - 1.0)))


def highest(x: Column, bars: int) -> Column:
    """Return the maximum over the last `bars` rows."""
    return _overlapping((x,), bars, lambda a, n, b, m: (binary(ops.HIGHER, a[0], b[0], n),))[0]


def lowest(x: Column, bars: int) -> Column:
    """Return the minimum over the last `bars` rows."""
    return _overlapping((x,), bars, lambda a, n, b, m: (binary(ops.LOWER, a[0], b[0], n),))[0]


def absolute_deviation(x: Column, bars: int) -> Column:
    """Return the mean of |x - mean(x)| over the last `bars` rows, bars >= 2."""
    _at_least(bars, 2)
    return operation(ops.ABSOLUTE_DEVIATION, [(mean(x, bars), 0), (x, bars - 1)])


def rows_since_highest(x: Column, bars: int, tie: float = 0.0) -> Column:
    """Return how many rows ago the maximum of the last `bars` rows was, the latest of equal ones.

    Numbers that differ by less than the share `tie` are equal.
    """

    def merge(a: State, n: int, b: State, m: int) -> State:
        where = [(a[0], 0), (b[0], n), (a[1], 0), (b[1], n)]
        return binary(ops.HIGHER, a[0], b[0], n), operation(ops.POSITION, where, tie)

    top, row = _overlapping((x, ROW), bars, merge)
    return ROW - row + 0.0 * top


def exponential_mean(x: Column, keep: float, bars: int) -> Column:
    """Return the mean with weights keep^age over the last 2^k rows, the smallest with keep^(2^k) < 2^-26.

    Rows before the ticker's first carry no weight: the first value, after `bars` rows, is a mean of these.
    """
    _at_least(bars, 1)
    if not 0.0 <= keep < 1.0:
        raise ConfigError(f"features: a weight of {keep}^age; it must be from 0 to below 1")
    size, block = 1, replace(operation(ops.SINCE, [(x, 0)], before=0.0), first=x.warmup, warmup=x.warmup)
    while keep**size > FORGOTTEN:
        older = operation(ops.BLEND, [(block, 0), (block, size)], keep**size, before=0.0)
        block, size = replace(older, warmup=x.warmup), 2 * size
    weights = tuple(math.fsum(keep**k for k in range(n + 1)) for n in range(size))
    whole = operation(ops.WEIGHTED, [(block, 0)], bars - 1)
    return replace(whole, first=x.warmup, warmup=x.warmup + bars - 1, table=weights)


def ema(x: Column, bars: int) -> Column:
    """Return the exponential average of span `bars`: weights (1 - 2 / (bars + 1))^age."""
    return exponential_mean(x, 1.0 - 2.0 / (bars + 1), bars)


def wilder(x: Column, bars: int) -> Column:
    """Return Wilder's average: weights (1 - 1 / bars)^age."""
    return exponential_mean(x, 1.0 - 1.0 / bars, bars)
