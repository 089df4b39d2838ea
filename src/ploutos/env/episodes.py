"""Where episodes begin: one generator a portfolio, and the state to go on from exactly."""

import json
from typing import Any

import numpy as np
import numpy.typing as npt


class Episodes:
    """Draws start rows inside a window; portfolio i draws from a stream of its own.

    Streams are children of one seed sequence (spawn key i), so neighbouring seeds share none and a portfolio
    keeps its episodes when others join.

    Parameters
    ----------
    rows : the window's rows [start, stop) of the market; fills and marks stay inside it.
    bars : decisions in an episode.
    """

    def __init__(self, batch: int, rows: slice, bars: int, seed: int) -> None:
        self.batch = batch
        self.rows = rows
        self.bars = bars
        self.seed(seed)

    def seed(self, seed: int) -> None:
        """Start every stream afresh."""
        children = np.random.SeedSequence(seed).spawn(self.batch)
        self.generators = [np.random.default_rng(child) for child in children]

    def draw(self, who: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return a start row for each portfolio of `who`."""
        return np.array([draw_start(self.generators[i], self.rows, self.bars) for i in who], np.int64)

    def state(self) -> str:
        """Return the state of every generator as JSON."""
        return json.dumps([generator.bit_generator.state for generator in self.generators])

    def restore(self, state: str) -> None:
        """Continue from what `state` returned."""
        states: list[dict[str, Any]] = json.loads(state)
        for generator, kept in zip(self.generators, states, strict=True):
            generator.bit_generator.state = kept


def draw_start(generator: np.random.Generator, rows: slice, bars: int) -> int:
    """Return a row of the window `rows` that leaves room for `bars` decisions, all equally likely."""
    return int(generator.integers(rows.start, rows.stop - bars))
