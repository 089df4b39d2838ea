"""How much memory many processes take that read one panel: mapped, and each with a copy of its own."""

import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from os import getpid
from pathlib import Path

from benchmarks.machine import ROOT
from benchmarks.panel.market import Size
from benchmarks.panel.memory import Use, status, tells, use
from benchmarks.record import Row
from ploutos.panel import store

WORKERS = 16
UNITS = {
    "panel.pss_copies_16": "copies",
    "panel.worker_private_mb": "MB",
    "panel.worker_private_torch_mb": "MB",
    "panel.pss_copies_16_pickled": "copies",
}


class Workers:
    """Processes that do together what they are asked (see `benchmarks.panel.worker`); a context manager."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self.processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Workers":
        for _ in range(WORKERS):
            process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.panel.worker"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            self._stack.enter_context(process)
            self._stack.callback(process.kill)
            self.processes.append(process)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def do(self, task: str, more: bytes = b"", first: int = WORKERS) -> None:
        """Have the `first` of them do a task at the same time; return when all are done."""
        asked = self.processes[:first]
        for process in asked:
            assert process.stdin is not None
            process.stdin.write(f"{task}\n".encode() + more)
            process.stdin.flush()
        said = [process.stdout.readline() for process in asked if process.stdout is not None]
        if not all(said) or len(set(said)) != 1:
            raise RuntimeError(f"processes that read the same panel say {said} after '{task}'")

    def use(self, folder: Path, first: int = WORKERS) -> list[Use]:
        """Return the memory of the `first` of them; `folder` holds a panel."""
        return [use(process.pid, folder) for process in self.processes[:first]]


def measure(large: Path, small: Path, sizes: dict[str, Size], with_torch: int) -> Iterator[Row]:
    """Yield the rows; `large` and `small` are folders of panels, `sizes` says of which markets.

    Torch is imported by `with_torch` workers.
    """
    if not tells():
        yield from (Row(name, None, unit, note="needs Linux") for name, unit in UNITS.items())
        return
    if use(getpid(), large.parent).inside:
        raise RuntimeError("this process has a panel mapped: it would share the memory of the workers")
    with Workers() as group:
        yield mapped(group, large, sizes["large"])
        yield from overhead(group, large, with_torch)
        yield pickled(group, small, sizes["small"])


def mapped(group: Workers, folder: Path, size: Size) -> Row:
    """Return the row of workers that map the panel."""
    group.do(f"map {folder}")
    one = one_copy(folder)
    note = (
        f"PSS of the panel's mappings, summed over {WORKERS} processes that have read every byte, over"
        f" the size of its files ({one / 1e9:.3f} GB); {size}"
    )
    return Row(
        "panel.pss_copies_16", sum(each.inside for each in group.use(folder)) / one, "copies", note=note
    )


def overhead(group: Workers, folder: Path, with_torch: int) -> Iterator[Row]:
    """Yield the rows of what the workers have besides the panel."""
    tables = max(status(process.pid, "VmPTE") for process in group.processes)
    have = group.use(folder)
    group.do("torch", first=with_torch)
    torch = group.use(folder, first=with_torch)
    for name, what, found in (
        ("panel.worker_private_mb", "interpreter, NumPy and Ploutos' panel", have),
        ("panel.worker_private_torch_mb", "the same with Torch imported", torch),
    ):
        note = (
            f"one of {len(found)} workers, without the panel: {what}; with its part of shared libraries"
            f" {mean_mb([each.outside for each in found]):.1f} MB; page tables {tables / 1e6:.1f} MB"
        )
        yield Row(name, mean_mb([each.private for each in found]), "MB", note=note)


def pickled(group: Workers, folder: Path, size: Size) -> Row:
    """Return the row of workers that are sent a copy of a panel that they have mapped as well."""
    one = one_copy(folder)
    group.do(f"map {folder}")
    before = group.use(folder)
    group.do("copy", pickle.dumps(store.read(folder, folder.name), pickle.HIGHEST_PROTOCOL))
    copied = sum(each.outside for each in group.use(folder)) - sum(each.outside for each in before)
    shared = sum(each.inside for each in before)
    return Row(
        "panel.pss_copies_16_pickled",
        copied / one,
        "copies",
        "the same panel mapped",
        shared / one,
        copied / shared,
        f"growth of the PSS of {WORKERS} processes that are sent the panel pickled; {one / 1e6:.0f} MB;"
        f" {size}",
    )


def one_copy(folder: Path) -> int:
    """Return the bytes of a panel's arrays."""
    return sum(file.stat().st_size for file in folder.glob("*.npy"))


def mean_mb(values: list[int]) -> float:
    """Return the mean in megabytes."""
    return sum(values) / len(values) / 1e6
