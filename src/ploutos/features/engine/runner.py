"""Runs a program over many tickers into rows of one array."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.features.engine.column import INPUTS
from ploutos.features.engine.kernel import run
from ploutos.features.engine.program import Program

CHUNK = 512  # rows at a time: with it all columns of a program stay in the second-level cache
BAR_INPUTS = len(INPUTS) - 1  # the last one, the row's number, is counted

Integers = npt.NDArray[np.int64]
Features = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Plan:
    """A program and where its outputs go.

    Attributes
    ----------
    program : of the features that bars decide.
    places : [F] their columns in the array of all.
    clock_places : [K] columns of the features that time decides.
    """

    program: Program
    places: Integers
    clock_places: Integers


class Runner:
    """One thread's room for a plan; used for one ticker after the other."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.layout = plan.program.layout(CHUNK)
        self.room = np.empty_like(self.layout.empty)
        self.written = np.empty((len(plan.places), CHUNK), np.float32)

    def ticker(
        self,
        bars: npt.NDArray[np.float64],
        clock: npt.NDArray[np.float32],
        when: Integers,
        rows: Integers,
        out: Features,
    ) -> None:
        """Write the features of one ticker's bars, see `kernel.run`."""
        plan, layout = self.plan, self.layout
        self.room[:] = layout.empty
        program = layout.code, layout.number, layout.table, layout.origin, layout.depth
        target = plan.places, clock, plan.clock_places, when, rows, out
        execute: Any = run  # type checkers do not unpack several tuples
        execute(*program, bars, *target, self.room, self.written)
