"""The exponential function for kernels: the same bits on every processor, and loops over it vectorise."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ploutos.execution.compiled import part

LOWEST = -708.0  # e^x is a normal number from here on
LOG2_E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10  # the high part times n is exact
ROUNDER = 6755399441055744.0  # 1.5 * 2^52: a number added to it is rounded to a whole number, its low bits


@intrinsic
def _power_of_two(typing_context: Any, rounded: Any) -> Any:
    """Return 2^n of n + `ROUNDER`: n becomes the exponent's bits."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        whole = ir.IntType(64)
        bits = builder.bitcast(arguments[0], whole)
        exponent = builder.shl(builder.add(bits, whole(1023)), whole(52))
        return builder.bitcast(exponent, ir.DoubleType())

    return types.float64(types.float64), code


@part
def exponential(x: float) -> float:
    """Return e^x of x in [-708, 709] to 2 units in the last place; below it e^-708.

    x = n ln 2 + r with |r| <= ln(2) / 2; e^r by its series to r^13 / 13!, whose rest is below 1e-17.
    """
    x = LOWEST if x < LOWEST else x
    rounded = x * LOG2_E + ROUNDER
    n = rounded - ROUNDER
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    e = 1.0 / 6227020800.0
    e = e * r + 1.0 / 479001600.0
    e = e * r + 1.0 / 39916800.0
    e = e * r + 1.0 / 3628800.0
    e = e * r + 1.0 / 362880.0
    e = e * r + 1.0 / 40320.0
    e = e * r + 1.0 / 5040.0
    e = e * r + 1.0 / 720.0
    e = e * r + 1.0 / 120.0
    e = e * r + 1.0 / 24.0
    e = e * r + 1.0 / 6.0
    e = e * r + 0.5
    e = e * r + 1.0
    e = e * r + 1.0
    power: float = e * _power_of_two(rounded)
    return power
