"""Columns as formulas: what is written here is compiled by `program` and run by `kernel`."""

from collections.abc import Sequence
from dataclasses import dataclass

from ploutos.features.engine import operations as ops
from ploutos.types import ConfigError

NAN = float("nan")


@dataclass(frozen=True, eq=False)
class Column:
    """A number per row of a ticker, as an operation on other columns.

    Attributes
    ----------
    op : of `operations`; -1 for an input.
    inputs : (column, lag in rows) in the operation's order.
    p : the operation's number; of an input, its place among `INPUTS`.
    warmup : rows of the ticker before the first row with a value.
    memory : rows of the ticker before a row on which its value depends.
    before : what the column shows before the ticker's first row.
    first, table : of SINCE and WEIGHTED.
    """

    op: int
    inputs: tuple[tuple["Column", int], ...]
    p: float = 0.0
    warmup: int = 0
    memory: int = 0
    before: float = NAN
    first: int = 0
    table: tuple[float, ...] = ()

    def __add__(self, other: "Column | float") -> "Column":
        return binary(ops.ADD, self, other) if isinstance(other, Column) else unary(ops.PLUS, self, other)

    def __radd__(self, other: float) -> "Column":
        return unary(ops.PLUS, self, other)

    def __sub__(self, other: "Column | float") -> "Column":
        if isinstance(other, Column):
            return binary(ops.SUBTRACT, self, other)
        return unary(ops.PLUS, self, -other)

    def __rsub__(self, other: float) -> "Column":
        return unary(ops.PLUS, -self, other)

    def __mul__(self, other: "Column | float") -> "Column":
        if isinstance(other, Column):
            return binary(ops.MULTIPLY, self, other)
        return unary(ops.TIMES, self, other)

    def __rmul__(self, other: float) -> "Column":
        return unary(ops.TIMES, self, other)

    def __truediv__(self, other: "Column | float") -> "Column":
        if isinstance(other, Column):
            return binary(ops.DIVIDE, self, other)
        return unary(ops.TIMES, self, 1.0 / other)

    def __neg__(self) -> "Column":
        return unary(ops.TIMES, self, -1.0)


def operation(
    op: int, inputs: Sequence[tuple[Column, int]], p: float = 0.0, *, before: float = NAN
) -> Column:
    """Return an operation's result; it waits for, and depends on, what its inputs do.

    Raises
    ------
    ConfigError
        A negative lag, or one that the operation does not have: of inputs the second, fourth and sixth one
        are read at the same lag, the others at the row itself.
    """
    lags = [lag for _, lag in inputs]
    if any(lags[::2]) or len({*lags[1::2]}) > 1 or min(lags) < 0:
        raise ConfigError(f"features: a formula reads its columns {lags} rows ago; none may look ahead")
    return Column(
        op,
        tuple(inputs),
        float(p),
        warmup=max(column.warmup + lag for column, lag in inputs),
        memory=max(column.memory + lag for column, lag in inputs),
        before=before,
    )


def unary(op: int, a: Column, p: float = 0.0) -> Column:
    """Return an operation on one column."""
    return operation(op, [(a, 0)], p)


def binary(op: int, a: Column, b: Column, lag: int = 0, p: float = 0.0) -> Column:
    """Return an operation on `a` and on `b` of `lag` rows ago."""
    return operation(op, [(a, 0), (b, lag)], p)


INPUTS = ("open", "high", "low", "close", "volume", "market", "row")
OPEN, HIGH, LOW, CLOSE, VOLUME, MARKET, ROW = (Column(-1, (), float(k)) for k in range(len(INPUTS)))


def lag(x: Column, bars: int) -> Column:
    """Return `x` of `bars` rows ago."""
    return operation(ops.SHIFT, [(x, 0), (x, bars)]) if bars else x


def change(x: Column, bars: int) -> Column:
    """Return `x` minus `x` of `bars` rows ago."""
    return binary(ops.SUBTRACT, x, x, bars)


def ratio(a: Column, b: Column) -> Column:
    """Return a / b, 0 where b is 0; NaN stays NaN."""
    return binary(ops.RATIO, a, b)


def thresholded(x: Column, least: float, scale: Column | None = None) -> Column:
    """Return `x`, 0 where it is no larger than `least`, or than that share of `scale`; NaN stays NaN."""
    return unary(ops.THRESHOLD, x, least) if scale is None else binary(ops.THRESHOLD_BY, x, scale, p=least)


def between(x: Column, least: float, most: float) -> Column:
    """Return `x` within bounds that hold but for rounding and faulty bars; NaN stays NaN."""
    return higher(lower(x, most), least)


def log(x: Column) -> Column:
    """Return the natural logarithm."""
    return unary(ops.LOG, x)


def log_or_zero(x: Column) -> Column:
    """Return the natural logarithm, 0 where `x` is 0."""
    return unary(ops.LOG_OR_ZERO, x)


def root(x: Column) -> Column:
    """Return the square root."""
    return unary(ops.ROOT, x)


def magnitude(x: Column) -> Column:
    """Return |x|."""
    return unary(ops.MAGNITUDE, x)


def sign(x: Column) -> Column:
    """Return -1, 0 or 1."""
    return unary(ops.SIGN, x)


def higher(a: Column, b: "Column | float") -> Column:
    """Return the higher one, NaN if either is."""
    return binary(ops.HIGHER, a, b) if isinstance(b, Column) else unary(ops.AT_LEAST, a, b)


def lower(a: Column, b: "Column | float") -> Column:
    """Return the lower one, NaN if either is."""
    return binary(ops.LOWER, a, b) if isinstance(b, Column) else unary(ops.AT_MOST, a, b)


def exceeds(a: Column, b: Column) -> Column:
    """Return 1 where a > b, else 0; NaN if either is."""
    return binary(ops.EXCEEDS, a, b)
