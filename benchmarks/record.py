"""What a benchmark found: rows, the machine, the commit; as a table and as JSON."""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import commit, machine
from benchmarks.timing import Sample


@dataclass(frozen=True)
class Row:
    """One figure; None where it could not be measured, and `note` says why.

    Attributes
    ----------
    ratio : value / baseline_value, from slices measured side by side where there are any.
    note : what exactly was measured.
    """

    metric: str
    value: float | None
    unit: str
    baseline: str | None = None
    baseline_value: float | None = None
    ratio: float | None = None
    note: str = ""

    @classmethod
    def rate(
        cls,
        metric: str,
        sample: Sample,
        *,
        units: float,
        unit: str,
        note: str,
        baseline: tuple[str, Sample, float] | None = None,
    ) -> "Row":
        """Return a row of units per second; `baseline` is its name, its times and its units."""
        note = f"{note}; {sample.spread()}"
        value = sample.rate(units)
        if baseline is None:
            return cls(metric, value, unit, note=note)
        name, other, its_units = baseline
        ratio = sample.speedup_over(other) * units / its_units
        return cls(metric, value, unit, name, other.rate(its_units), ratio, note)


@dataclass(frozen=True)
class Record:
    """A benchmark's rows and where they were measured."""

    name: str
    machine: dict[str, Any]
    commit: str
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, name: str, rows: Sequence[Row]) -> "Record":
        """Return the record of `rows` on this machine."""
        return cls(name, machine(), commit(), tuple(rows))

    def as_dict(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return asdict(self)


def table(record: Record) -> str:
    """Return the rows as aligned text, notes below."""
    head = ("metric", "value", "unit", "baseline", "baseline value", "ratio")
    lines = [
        (
            row.metric,
            row.note if row.value is None else number(row.value),
            row.unit,
            row.baseline or "",
            "" if row.baseline_value is None else number(row.baseline_value),
            "" if row.ratio is None else f"{row.ratio:.3g}",
        )
        for row in record.rows
    ]
    widths = [max(len(line[k]) for line in (head, *lines)) for k in range(len(head))]
    right = (1, 4, 5)
    text = [
        "  ".join(
            c.rjust(w) if k in right else c.ljust(w)
            for k, (c, w) in enumerate(zip(line, widths, strict=True))
        )
        for line in (head, *lines)
    ]
    where = ", ".join(f"{key} {value}" for key, value in record.machine.items())
    notes = [f"{row.metric}: {row.note}" for row in record.rows if row.value is not None and row.note]
    return "\n".join([*(line.rstrip() for line in text), "", *notes, "", f"{where}; commit {record.commit}"])


def number(value: float) -> str:
    """Return a figure with four significant digits and thousands separated."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def write(path: Path, text: str) -> None:
    """Replace the file at once, so that nobody reads half of it."""
    descriptor, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
