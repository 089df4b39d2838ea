"""The benchmark `features`."""

from argparse import ArgumentParser, Namespace
from typing import Any

from benchmarks.panel.child import CORES, measured
from benchmarks.record import Row
from benchmarks.timing import Sample, progress

FULL = (100, 27_000, 5, 50)  # tickers, rows, repetitions, tickers live
QUICK = (10, 2_000, 2, 10)


def add_arguments(parser: ArgumentParser) -> None:
    """Add no option."""


def measure(options: Namespace) -> list[Row]:
    """Return all rows."""
    size = QUICK if options.quick else FULL
    progress(f"features: {size[0]} tickers, {size[1]:,} bars each")
    return rows(measured("benchmarks.features.child", list(map(str, size))), size)


def rows(told: dict[str, Any], size: tuple[int, ...]) -> list[Row]:
    """Return the rows of what the child told."""
    tickers, bars, _, live_tickers = size
    count, cells = told["features"], told["features"] * bars
    samples = {name: Sample(tuple(times)) for name, times in told["seconds"].items()}
    what = f"features=technical, {count} features; {tickers} tickers x {bars:,} bars into the panel's array"
    pandas = "pandas", samples["pandas"], float(cells)

    def rate(metric: str, name: str, cores: int) -> Row:
        note = f"{what}, memory that was written before; {cores} core(s); pandas on one, in turn with it"
        return Row.rate(metric, samples[name], units=cells, unit="cells/s", note=note, baseline=pandas)

    both = rate("features.cells_per_s", "two", CORES)
    ratio = both.ratio
    spent = sorted(told["live_ms"])
    middle, worst = spent[len(spent) // 2], spent[-1]
    note = (
        f"one bar of {live_tickers} tickers, {told['live_features']} features of all families; median of"
        f" {len(spent)} updates, slowest {worst:.1f} ms; equal to the batch to the bit: {told['live_equal']}"
    )
    taken = told["taken_bytes"] / told["output_bytes"]
    return [
        both,
        rate("features.cells_per_s.t1", "one", 1),
        Row(
            "features.cells_per_s.fresh",
            cells / told["fresh_s"],
            "cells/s",
            note=f"{what}, memory that the system has yet to give; {CORES} cores, once",
        ),
        Row("features.vs_pandas", ratio, "ratio", note=f"{what}; {CORES} cores against pandas on one"),
        Row("features.incremental_ms", middle, "ms", note=note),
        Row(
            "features.memory_ratio",
            taken or None,
            "outputs",
            note="resident memory of the run at its peak, output included, over the output"
            if taken
            else "needs Linux",
        ),
        Row(
            "features.first_use_s",
            told["first_s"],
            "s",
            note="formulas of a set made into a program, kernel from the disk cache or compiled, 500 bars",
        ),
    ]
