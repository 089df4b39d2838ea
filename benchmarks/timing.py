"""Compares what is measured side by side: short slices in turn, so that a busy moment hits everybody."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMBA_NUM_THREADS",
        "POLARS_MAX_THREADS",
    ),
    "1",
)
BEGIN = time.perf_counter()
LONGEST_PROBE = 1 << 20  # units of work tried at once while looking for the length of a slice

Work = Callable[[int], object]


@dataclass(frozen=True)
class Effort:
    """How long to measure.

    Attributes
    ----------
    seconds : of one slice, about.
    repetitions : slices of every candidate.
    """

    seconds: float
    repetitions: int


@dataclass(frozen=True)
class Sample:
    """Seconds for one unit of work in each slice, in the order of time."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """Return the median of the slices."""
        return median(self.seconds)

    def rate(self, units: float = 1.0) -> float:
        """Return how many per second if one unit of work is `units` of them."""
        return units / self.median

    def speedup_over(self, other: "Sample") -> float:
        """Return how many times as fast as `other`: the median over slices that stood side by side."""
        pairs = zip(self.seconds, other.seconds, strict=True)
        return median(tuple(theirs / ours for ours, theirs in pairs))

    def spread(self) -> str:
        """Return the range of the slices around their median, and their number."""
        low, high = min(self.seconds) / self.median - 1.0, max(self.seconds) / self.median - 1.0
        return f"time {low:+.0%} ... {high:+.0%} in {len(self.seconds)} slices"


def median(values: tuple[float, ...]) -> float:
    """Return the middle value, or the mean of both."""
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2.0


def interleave(
    candidates: Mapping[str, Work], effort: Effort, *, multiples: Mapping[str, int] | None = None
) -> dict[str, Sample]:
    """Run slices of all candidates in turn and return their times; a candidate does `n` units when called.

    Everything is warm: a slice's length is found by running, and each begins with a tenth of untimed work.
    `multiples` rounds a candidate's slice up to whole multiples of so many units.
    """
    lengths = {}
    for name, work in candidates.items():
        units = slice_length(work, effort.seconds)
        multiple = (multiples or {}).get(name, 1)
        lengths[name] = -(-units // multiple) * multiple
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for repetition in range(effort.repetitions):
        order = list(candidates) if repetition % 2 == 0 else list(candidates)[::-1]
        for name in order:
            work, units = candidates[name], lengths[name]
            # Rounded slices are not shifted against their multiple: they always hold the same.
            warm = (multiples or {}).get(name) or -(-units // 10)
            work(warm)
            begin = time.perf_counter()
            work(units)
            seconds[name].append((time.perf_counter() - begin) / units)
    return {name: Sample(tuple(values)) for name, values in seconds.items()}


def slice_length(work: Work, seconds: float) -> int:
    """Return about how many units `work` does in `seconds`."""
    work(1)
    units = 1
    while True:
        begin = time.perf_counter()
        work(units)
        passed = time.perf_counter() - begin
        if passed >= seconds / 4 or units >= LONGEST_PROBE:
            return max(1, round(units * seconds / max(passed, 1e-9)))
        units *= 2


@contextmanager
def cores(count: int) -> Iterator[None]:
    """Keep this thread, and what it starts meanwhile, on `count` cores (where the system can do that)."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(allowed)[-count:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def pinned(work: Work) -> Work:
    """Return the same work on one core."""

    def run(units: int) -> None:
        with cores(1):
            work(units)

    return run


def progress(text: str) -> None:
    """Tell on the error stream what is being measured, and when."""
    print(f"{time.perf_counter() - BEGIN:5.0f} s  {text}", file=sys.stderr, flush=True)
