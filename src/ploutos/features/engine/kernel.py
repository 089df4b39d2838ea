"""Runs a program over the rows of one ticker, some rows at a time; one row at a time when live.

All columns lie in one array `room`: each has an origin, the place of its first row, with room for the rows
that are read again before it. An instruction names columns by their origins.
"""

import numpy as np
import numpy.typing as npt

from ploutos.features.engine import operations as ops
from ploutos.features.engine import passes
from ploutos.hardware.compiled import kernel, rare

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Features = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

TILE = 16  # rows written together: their lines of the output stay in the first-level cache


@rare
def execute(
    code: Integers,
    number: Floats,
    table: Floats,
    room: Floats,
    written: Features,
    at: int,
    m: int,
    row: int,
) -> None:
    """Compute rows `at` ... `at` + m of all columns; the first one is number `row` of the ticker."""
    for k in range(len(code)):
        op, p, behind = code[k, 0], number[k], at - code[k, 8]
        a = room[code[k, 2] + at : code[k, 2] + at + m]
        if op == ops.WRITE:
            passes.narrow(written[code[k, 1], :m], a)
            continue
        out = room[code[k, 1] + at : code[k, 1] + at + m]
        b = room[code[k, 3] + behind : code[k, 3] + behind + m]
        if op == ops.ADD:
            passes.add(out, a, b)
        elif op == ops.SUBTRACT:
            passes.subtract(out, a, b)
        elif op == ops.MULTIPLY:
            passes.multiply(out, a, b)
        elif op == ops.DIVIDE:
            passes.divide(out, a, b)
        elif op == ops.HIGHER:
            passes.take_higher(out, a, b)
        elif op == ops.LOWER:
            passes.take_lower(out, a, b)
        elif op == ops.RATIO:
            passes.ratio(out, a, b)
        elif op == ops.EXCEEDS:
            passes.exceeds(out, a, b)
        elif op == ops.THRESHOLD:
            passes.threshold(out, a, p)
        elif op == ops.THRESHOLD_BY:
            passes.threshold_by(out, a, b, p)
        elif op == ops.BLEND:
            passes.blend(out, a, b, p)
        elif op == ops.TOWARDS:
            passes.towards(out, a, b, p)
        elif op == ops.SHIFT:
            passes.copy(out, b)
        elif op == ops.PLUS:
            passes.plus(out, a, p)
        elif op == ops.TIMES:
            passes.times(out, a, p)
        elif op == ops.AT_LEAST:
            passes.at_least(out, a, p)
        elif op == ops.AT_MOST:
            passes.at_most(out, a, p)
        elif op == ops.LOG:
            passes.logarithm(out, a)
        elif op == ops.LOG_OR_ZERO:
            passes.logarithm_or_zero(out, a)
        elif op == ops.ROOT:
            passes.root(out, a)
        elif op == ops.MAGNITUDE:
            passes.magnitude(out, a)
        elif op == ops.SIGN:
            passes.sign(out, a)
        elif op == ops.SINCE:
            passes.since(out, a, row, code[k, 9])
        elif op == ops.WEIGHTED:
            sums = table[code[k, 10] : code[k, 10] + code[k, 11]]
            passes.weighted(out, a, sums, row, code[k, 9], p)
        elif op == ops.ABSOLUTE_DEVIATION:
            passes.absolute_deviation(out, a, room[code[k, 3] + behind : code[k, 3] + at + m], code[k, 8] + 1)
        else:
            c = room[code[k, 4] + at : code[k, 4] + at + m]
            d = room[code[k, 5] + behind : code[k, 5] + behind + m]
            if op == ops.POSITION:
                passes.position(out, a, b, c, d, p)
            else:
                e = room[code[k, 6] + at : code[k, 6] + at + m]
                f = room[code[k, 7] + behind : code[k, 7] + behind + m]
                passes.comoment(out, a, b, c, d, e, f, p)


@rare
def hand_over(
    written: Features,
    places: Integers,
    clock: Features,
    clock_places: Integers,
    when: Integers,
    rows: Integers,
    out: Features,
) -> None:
    """Write features [F, m] and the clock's columns of each row's time into rows of the output."""
    m = len(rows)
    for start in range(0, m, TILE):
        stop = min(start + TILE, m)
        for f in range(len(places)):
            for j in range(start, stop):
                out[rows[j], places[f]] = written[f, j]
        for k in range(len(clock_places)):
            for j in range(start, stop):
                out[rows[j], clock_places[k]] = clock[when[j], k]


@rare
def put_in(
    room: Floats,
    origin: Integers,
    at: int,
    m: int,
    bars: Floats,
    start: int,
    row: int,
) -> None:
    """Copy m bars [6, R] and their row numbers into the input columns."""
    for k in range(len(bars)):
        passes.copy(room[origin[k] + at : origin[k] + at + m], bars[k, start : start + m])
    for j in range(m):
        room[origin[len(bars)] + at + j] = row + j


@rare
def move_back(
    room: Floats,
    origin: Integers,
    depth: Integers,
    at: int,
) -> None:
    """Move the rows before `at` that are read again to before the first one."""
    for k in range(len(depth)):
        for j in range(origin[k] - depth[k], origin[k]):
            room[j] = room[j + at]


@kernel
def run(
    code: Integers,
    number: Floats,
    table: Floats,
    origin: Integers,
    depth: Integers,
    bars: Floats,
    places: Integers,
    clock: Features,
    clock_places: Integers,
    when: Integers,
    rows: Integers,
    out: Features,
    room: Floats,
    written: Features,
) -> None:
    """Compute all rows of one ticker from its first bar on.

    Parameters
    ----------
    code, number, table, origin, depth : of a `Layout`.
    bars : [6, R] open, high, low, close, volume and the market's return.
    places : [F] columns of `out` for the program's outputs.
    clock, clock_places, when : [U, K] values by time, their columns of `out`, and each row's time [R].
    rows, out : [R] rows of the array [*, *] float32 to be written.
    room : for all columns; shows what was before the first row.
    written : [F, chunk] float32, scratch.
    """
    chunk, count = written.shape[1], bars.shape[1]
    for start in range(0, count, chunk):
        m = min(chunk, count - start)
        put_in(room, origin, 0, m, bars, start, start)
        execute(code, number, table, room, written, 0, m, start)
        hand_over(written, places, clock, clock_places, when[start : start + m], rows[start : start + m], out)
        move_back(room, origin, depth, m)


@kernel
def add_bar(
    code: Integers,
    number: Floats,
    table: Floats,
    origin: Integers,
    depth: Integers,
    bars: Floats,
    known: Mask,
    row: Integers,
    at: Integers,
    places: Integers,
    out: Features,
    room: Floats,
    written: Features,
    capacity: int,
) -> None:
    """Compute one more row of every ticker that has a bar.

    Parameters
    ----------
    bars : [N, 6, 1] as for `run`.
    known : [N] who has a bar.
    row, at : [N] how many rows each had, and where its next one stands; both move on.
    places, out : [F] columns of `out` [N, *] float32; other tickers' rows stay.
    room : [N, *] of each ticker.
    written : [F, 1] float32, scratch.
    capacity : rows that `room` has place for.
    """
    for n in range(len(known)):
        if not known[n]:
            continue
        if at[n] == capacity:
            move_back(room[n], origin, depth, at[n])
            at[n] = 0
        put_in(room[n], origin, at[n], 1, bars[n], 0, row[n])
        execute(code, number, table, room[n], written, at[n], 1, row[n])
        for f in range(len(places)):
            out[n, places[f]] = written[f, 0]
        at[n] += 1
        row[n] += 1
