"""Sums, extremes and deviations over the last n rows, which depend on those n rows and on nothing else.

Running-sum implementations add the new row and subtract the old one: their last bits depend on everything
since the start of the column, a spike leaves a residue for ever, and a missing value anywhere may switch
the kernel. Here every value is built by doubling (2 rows, 4 rows, 8 rows, ...) in a fixed order, so equal
windows give equal bits wherever the column begins or ends: O(log n) passes, exact zeros on constant input.

A window is asked for as a column named "kernel|column|bars"; `with_windows` computes each name once, however
many features use it.
"""

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
import polars as pl

Array = npt.NDArray[np.float64]


def reduce_window(x: Array, bars: int, combine: Callable[[Array, Array], Array]) -> Array:
    """Combine each row of `x` [R] with the `bars` - 1 rows before it; NaN in the first `bars` - 1 rows.

    `combine` is associative and propagates NaN.
    """
    out = np.full(len(x), np.nan)
    windows = len(x) - bars + 1
    if windows <= 0:
        return out
    # block[i] covers the `size` rows that start at row i; `covered` rows are already in `whole`.
    block, size, covered = x, 1, 0
    whole: Array | None = None
    while True:
        if bars & size:
            part = block[covered : covered + windows]
            whole = part if whole is None else combine(whole, part)
            covered += size
        if covered == bars:
            break
        block = combine(block[:-size], block[size:])
        size *= 2
    out[bars - 1 :] = whole
    return out


def _total(x: Array, bars: int) -> Array:
    return reduce_window(x, bars, np.add)


def _highest(x: Array, bars: int) -> Array:
    return reduce_window(x, bars, np.maximum)


def _lowest(x: Array, bars: int) -> Array:
    return reduce_window(x, bars, np.minimum)


def _deviation(x: Array, bars: int) -> Array:
    """Return the population deviation; below 1e-7 of the root mean square it is rounding and counts as 0."""
    square = _total(x * x, bars) / bars
    average = _total(x, bars) / bars
    variance = square - average * average
    variance[variance <= 1e-14 * square] = 0.0
    return np.sqrt(variance)


_KERNELS = {"total": _total, "highest": _highest, "lowest": _lowest, "deviation": _deviation}


def total(column: str, bars: int) -> pl.Expr:
    """Return the sum of `column` over the last `bars` rows of the ticker."""
    return pl.col(f"total|{column}|{bars}")


def mean(column: str, bars: int) -> pl.Expr:
    """Return the mean of `column` over the last `bars` rows of the ticker."""
    return total(column, bars) / bars


def highest(column: str, bars: int) -> pl.Expr:
    """Return the maximum of `column` over the last `bars` rows of the ticker."""
    return pl.col(f"highest|{column}|{bars}")


def lowest(column: str, bars: int) -> pl.Expr:
    """Return the minimum of `column` over the last `bars` rows of the ticker."""
    return pl.col(f"lowest|{column}|{bars}")


def deviation(column: str, bars: int) -> pl.Expr:
    """Return the population standard deviation of `column` over the last `bars` rows of the ticker."""
    return pl.col(f"deviation|{column}|{bars}")


def with_windows(frame: pl.DataFrame, expressions: Iterable[pl.Expr]) -> pl.DataFrame:
    """Add the window columns that `expressions` use; NaN where a window reaches before a ticker's first bar.

    `frame` is sorted by (ticker, ts) and holds `_age` (see `age`) and the windows' columns without nulls.
    """
    names = sorted({name for e in expressions for name in e.meta.root_names() if "|" in name})
    rows_before = frame["_age"].to_numpy()
    columns = []
    for name in names:
        kernel, column, bars = name.split("|")
        with np.errstate(invalid="ignore", over="ignore"):
            values = _KERNELS[kernel](frame[column].to_numpy(), int(bars))
        values[rows_before < int(bars) - 1] = np.nan
        columns.append(pl.Series(name, values))
    return frame.with_columns(columns)


def age() -> pl.Expr:
    """Return the number of a row within its ticker, from 0, in a frame sorted by ticker."""
    row = pl.int_range(pl.len(), dtype=pl.Int64)
    first = pl.col("ticker").ne_missing(pl.col("ticker").shift(1)) | (row == 0)
    return row - pl.when(first).then(row).forward_fill()


def lag(x: pl.Expr, bars: int) -> pl.Expr:
    """Return `x` of `bars` rows ago in the same ticker, NaN where there is none."""
    return pl.when(pl.col("_age") >= bars).then(x.shift(bars)).otherwise(float("nan"))


def ratio(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """Return numerator / denominator for a denominator >= 0; 0 where the denominator is 0; NaN stays NaN."""
    return pl.when(denominator == 0).then(0.0 * numerator).otherwise(numerator / denominator)
