"""From formulas to a table of instructions: equal columns once, rows kept only where they are read again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ploutos.features.engine import operations as ops
from ploutos.features.engine.column import INPUTS, Column

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

WIDTH = 12  # of an instruction: op, target, six inputs, lag, first, start and length of the table
Key = tuple[object, ...]


@dataclass(frozen=True, eq=False)
class Program:
    """What `kernel.run` executes.

    Attributes
    ----------
    code : [K, WIDTH] instructions. Columns are numbered: below `len(depth)` those of which earlier rows are
        kept, from there on temporary ones. Of two inputs the second one is read at `lag`.
    number : [K] the operation's number.
    table : the weights' sums of all WEIGHTED operations.
    depth : [kept] rows of a kept column that are read before the current one.
    before : [kept] what a kept column shows before the first row.
    temporary : how many temporary columns there are.
    """

    code: Integers
    number: Floats
    table: Floats
    depth: Integers
    before: Floats
    temporary: int

    def layout(self, capacity: int) -> "Layout":
        """Return where everything stands if each column has place for so many rows."""
        depth = np.append(self.depth, np.zeros(self.temporary, np.int64))
        ends = np.cumsum(depth + capacity)
        origin = ends - capacity
        code = self.code.copy()
        computes = code[:, 0] != ops.WRITE
        code[computes, 1] = origin[code[computes, 1]]
        code[:, 2:8] = origin[code[:, 2:8]]
        empty = np.zeros(ends[-1])
        for k, before in enumerate(self.before):
            empty[origin[k] - depth[k] : origin[k]] = before
        return Layout(
            code, self.number, self.table, origin[: len(self.depth)].copy(), self.depth, empty, capacity
        )


@dataclass(frozen=True, eq=False)
class Layout:
    """A program for columns that lie in one array.

    Attributes
    ----------
    code : as in the program, with origins in place of columns.
    number, table, depth : as in the program.
    origin : [kept] place of each kept column's first row, `depth` rows behind the first one that it keeps.
    empty : the array before a ticker's first row.
    capacity : rows of each column.
    """

    code: Integers
    number: Floats
    table: Floats
    origin: Integers
    depth: Integers
    empty: Floats
    capacity: int


def compile_columns(outputs: Sequence[Column]) -> Program:
    """Return the program that writes `outputs`, in their order."""
    steps = _Steps()
    for place, column in enumerate(outputs):
        steps.write(steps.number(column), place)
    return steps.program()


class _Steps:
    """Unique columns in an order in which they can be computed."""

    def __init__(self) -> None:
        self.columns: list[Column | None] = [None] * len(INPUTS)
        self.reads: list[tuple[tuple[int, int], ...]] = [()] * len(INPUTS)
        self.order: list[tuple[int, int]] = []  # (column, -1) computes it, (column, place) writes it
        self._seen: dict[int, int] = {}
        self._equal: dict[Key, int] = {}
        self._alive: list[Column] = []  # ids stay unique while these live

    def number(self, column: Column) -> int:
        """Return the number of a column, appending it and what it needs if new."""
        if id(column) in self._seen:
            return self._seen[id(column)]
        if column.op < 0:
            return int(column.p)
        reads = tuple((self.number(source), lag) for source, lag in column.inputs)
        key = (column.op, reads, column.p, column.first, column.table)
        found = self._equal.get(key)
        if found is None:
            found = self._equal[key] = len(self.columns)
            self.columns.append(column)
            self.reads.append(reads)
            self.order.append((found, -1))
        self._seen[id(column)] = found
        self._alive.append(column)
        return found

    def write(self, column: int, place: int) -> None:
        self.order.append((column, place))

    def depths(self) -> list[int]:
        depth = [0] * len(self.columns)
        for reads in self.reads:
            for source, lag in reads:
                depth[source] = max(depth[source], lag)
        return depth

    def program(self) -> Program:
        depth = self.depths()
        kept = [n for n in range(len(depth)) if n < len(INPUTS) or depth[n]]
        place = {n: k for k, n in enumerate(kept)}
        temporary = self._place_temporaries(place)
        table: list[float] = []
        code: list[list[int]] = []
        number: list[float] = []
        for column, output in self.order:
            if output >= 0:
                code.append([ops.WRITE, output, place[column], *[0] * (WIDTH - 3)])
                number.append(0.0)
                continue
            node = self.columns[column]
            assert node is not None
            sources = [place[source] for source, _ in self.reads[column]]
            lag = max(lag for _, lag in self.reads[column])
            sources += [0] * (6 - len(sources))
            code.append([node.op, place[column], *sources, lag, node.first, len(table), len(node.table)])
            number.append(node.p)
            table += node.table
        nodes = [self.columns[n] for n in kept]
        before = [np.nan if node is None else node.before for node in nodes]
        return Program(
            code=np.array(code, np.int64).reshape(-1, WIDTH),
            number=np.array(number, np.float64),
            table=np.array(table or [0.0], np.float64),
            depth=np.array([depth[n] for n in kept], np.int64),
            before=np.array(before, np.float64),
            temporary=max(temporary, 1),
        )

    def _place_temporaries(self, place: dict[int, int]) -> int:
        """Number columns that are not kept, anew once the last reader is done; return how many numbers."""
        kept, first = frozenset(place), len(place)
        last = {source: step for step, source in self._readings()}
        free: list[int] = []
        used = 0
        for step, (column, output) in enumerate(self.order):
            if output < 0 and column not in place:
                if not free:
                    free.append(first + used)
                    used += 1
                place[column] = free.pop()
            sources = {column} if output >= 0 else {source for source, _ in self.reads[column]}
            # Freed after the target is placed: no operation writes where it reads.
            free += [place[s] for s in sorted(sources) if last[s] == step and s not in kept]
        return used

    def _readings(self) -> Iterator[tuple[int, int]]:
        for step, (column, output) in enumerate(self.order):
            if output >= 0:
                yield step, column
            else:
                for source, _ in self.reads[column]:
                    yield step, source
