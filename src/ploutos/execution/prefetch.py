"""Asks the processor to fetch rows that will be read soon: portfolios stand at unrelated bars."""

from typing import Any, NamedTuple

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ploutos.execution.compiled import part
from ploutos.execution.rules import CostTable
from ploutos.execution.tape import Tape
from ploutos.types.fields import CLOSE, VOLUME

LINE_BYTES = 64
PIECES = 6
AHEAD = 2  # portfolios between the one that trades and the one for which the market is fetched


class Ahead(NamedTuple):
    """What is fetched while one portfolio trades, all contiguous.

    The processor keeps only a few dozen lines on their way at a time; more of them at once would hold up the
    work on the portfolio at hand. So they are fetched in `PIECES`, between the stages of a bar.

    Attributes
    ----------
    close, liquidity : at the decision of a portfolio that trades soon; bar, member : prices and membership of
        the bar in which it trades.
    seen : whatever else is read soon.
    """

    close: Any
    bar: Any
    member: Any
    liquidity: Any
    seen: Any


@part
def look_ahead(p: int, t: int, tape: Tape, costs: CostTable, seen: Any) -> Ahead:
    """Return what a portfolio that stands at row `t` of scenario `p` reads while it trades, and `seen`."""
    p_costs, t_costs = (p, t) if costs.scaled else (0, 0)
    return Ahead(
        tape.prices[p, t, CLOSE],
        tape.prices[p, t + 1, :VOLUME],
        tape.member[t + 1],
        costs.liquidity[p_costs, t_costs],
        seen,
    )


@part
def prefetch(ahead: Ahead, piece: int) -> None:
    """Fetch part `piece` of 0 ... `PIECES` - 1."""
    _fetch(ahead.close, piece)
    _fetch(ahead.bar, piece)
    _fetch(ahead.member, piece)
    _fetch(ahead.liquidity, piece)
    _fetch(ahead.seen, piece)


@part
def _fetch(block: Any, piece: int) -> None:
    size = block.size * block.itemsize
    for at in range(size * piece // PIECES, size * (piece + 1) // PIECES, LINE_BYTES):
        _fetch_line(block, at)


@intrinsic
def _fetch_line(typing_context: Any, array: Any, at: Any) -> Any:
    """Prefetch the cache line at byte `at` of a contiguous array."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        held = context.make_array(signature.args[0])(context, builder, arguments[0])
        pointer = builder.gep(builder.bitcast(held.data, cgutils.voidptr_t), [arguments[1]])
        number = ir.IntType(32)
        function = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, number, number, number]),
            "llvm.prefetch.p0",
        )
        read, keep, data = number(0), number(3), number(1)
        builder.call(function, [pointer, read, keep, data])
        return context.get_dummy_value()

    return types.void(array, types.intp), code
