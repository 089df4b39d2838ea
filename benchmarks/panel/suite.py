"""The benchmark `panel`."""

import shutil
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

from benchmarks.machine import ROOT
from benchmarks.panel import build, ingest, opening, sharing
from benchmarks.panel.market import FULL, QUICK, SMALL, TINY, room
from benchmarks.record import Row
from benchmarks.timing import Effort, progress
from ploutos.types import ConfigError


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument(
        "--data",
        type=Path,
        default=ROOT.parent / "shared" / "data",
        metavar="FOLDER",
        help=f"where {ingest.FILE} lies (default: ../shared/data beside the checkout)",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path(tempfile.gettempdir()),
        metavar="FOLDER",
        help="where panels are written meanwhile, 4 GB; on a disk (default: the system's temporary folder)",
    )


def measure(options: Namespace) -> list[Row]:
    """Return all rows."""
    return list(sections(options))


def sections(options: Namespace) -> Iterator[Row]:
    """Yield the rows, section by section."""
    large, small = (QUICK, TINY) if options.quick else (FULL, SMALL)
    sizes = {"large": large, "small": small, "tiny": TINY}
    check_room(options.folder, sum(room(size) for size in sizes.values()))
    progress("panel: ingest")
    yield from ingest.measure(options.data, 1 if options.quick else 3)
    with tempfile.TemporaryDirectory(prefix="ploutos-panels-", dir=options.folder) as name:
        folder = Path(name)
        progress(f"panel: build of {large}")
        told = build.build(large, folder)
        yield from build.rows(told, large)
        addresses = {"large": told["address"]}
        for other in ("small", "tiny"):
            progress(f"panel: build of {sizes[other]}")
            addresses[other] = build.build(sizes[other], folder)["address"]
        progress("panel: open")
        effort = Effort(0.02, 3) if options.quick else Effort(0.2, 15)
        yield from opening.measure(folder, sizes, addresses, effort)
        progress(f"panel: {sharing.WORKERS} processes read it")
        places = folder / addresses["large"], folder / addresses["small"]
        yield from sharing.measure(*places, sizes, 2 if options.quick else sharing.WORKERS)


def check_room(folder: Path, needed: int) -> None:
    """Refuse a folder that is not there or has no room."""
    if not folder.is_dir():
        raise ConfigError(f"--folder: there is no folder '{folder}'")
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ConfigError(f"--folder: '{folder}' has {free / 1e9:.1f} GB free; {needed / 1e9:.1f} are needed")
