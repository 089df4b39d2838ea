"""Asks the processor to fetch rows that will be read soon: portfolios stand at unrelated bars."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ploutos.execution.compiled import part

LINE_BYTES = 64


@intrinsic
def _prefetch(typing_context: Any, array: Any, index: Any) -> Any:
    """Prefetch the cache line of element `index` of a one-dimensional array."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.args[0]
        held = context.make_array(kind)(context, builder, arguments[0])
        pointer = cgutils.get_item_pointer(context, builder, kind, held, [arguments[1]], wraparound=False)
        byte_pointer = builder.bitcast(pointer, cgutils.voidptr_t)
        number = ir.IntType(32)
        function = cgutils.get_or_insert_function(
            builder.module,
            ir.FunctionType(ir.VoidType(), [cgutils.voidptr_t, number, number, number]),
            "llvm.prefetch.p0",
        )
        read, keep, data = number(0), number(3), number(1)
        builder.call(function, [byte_pointer, read, keep, data])
        return context.get_dummy_value()

    return types.void(array, types.intp), code


@part
def prefetch(row: Any) -> None:
    """Prefetch a contiguous row [K]."""
    stride = LINE_BYTES // row.itemsize
    for k in range(0, len(row), stride):
        _prefetch(row, k)
