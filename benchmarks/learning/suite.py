"""The benchmark `learning`."""

import math
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.learning.figures import shares
from benchmarks.learning.plan import AGENTS, MARKETS, NETWORKS, Wanted, check, trainings
from benchmarks.learning.pool import Pool
from benchmarks.learning.report import markdown, rows
from benchmarks.learning.run import PEERS, Run, Size
from benchmarks.record import Row, write
from benchmarks.timing import progress
from ploutos.types import ConfigError

FULL = Size(train=50_000, test=50_000, tuning=200_000)
QUICK = Size(train=3_000, test=3_000, tuning=3_000)
RESULTS = Path("outputs") / "benchmarks" / "learning"


def names(text: str) -> list[str]:
    """Return the words of a list with commas."""
    return [word for word in text.split(",") if word]


def numbers(text: str) -> list[int]:
    """Return the whole numbers of a list with commas."""
    try:
        return [int(word) for word in names(text)]
    except ValueError as error:
        raise ArgumentTypeError(f"'{text}' is no list of whole numbers such as 0,1,2") from error


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of this benchmark."""
    lists: dict[str, tuple[Any, list[Any], str]] = {
        "--markets": (names, list(MARKETS), "variants of data/alpha"),
        "--agents": (names, [*AGENTS, *PEERS], f"variants of agent, or {', '.join(PEERS)}"),
        "--networks": (names, list(NETWORKS), "variants of agent/network, tried on linear"),
        "--seeds": (numbers, [0, 1, 2], "of the markets and the agents"),
    }
    for option, (kind, default, what) in lists.items():
        told = ",".join(map(str, default))
        parser.add_argument(option, type=kind, default=None, metavar="A,B", help=f"{what} (default: {told})")
    parser.add_argument(
        "--seconds",
        type=float,
        metavar="S",
        help="of every training (default: 300 for goals, on none and for the curve on linear; else 60)",
    )
    parser.add_argument("--threads", type=int, default=2, help="of every run (default: 2)")
    parser.add_argument("--jobs", type=int, default=1, help="runs side by side (default: 1)")
    parser.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="cpu: count processor seconds over threads, for a machine that others use (default: wall)",
    )
    parser.add_argument(
        "--results",
        type=Path,
        default=RESULTS,
        metavar="FOLDER",
        help=f"where finished runs are kept, to be gone on from (default: {RESULTS})",
    )
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help="of the config, such as data.alpha.ic=0.1"
    )


def measure(options: Namespace) -> list[Row]:
    """Return all rows; the Markdown tables lie beside the results."""
    wanted = wanted_of(options)
    check(wanted)
    folder = options.results.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    pool = Pool(folder, options.jobs)
    runs = trainings(wanted)
    references = [Run.reference(run) for run in runs]
    tuned = pool.results(list(dict.fromkeys(run.tuning() for run in runs)))
    known = pool.results([r for r in dict.fromkeys(references) if r.tuning() in tuned])
    trained = pool.results(runs)
    figures = shares(trained, known)
    write(folder / "tables.md", markdown(figures, trained, known))
    progress(f"learning: tables in {folder / 'tables.md'}")
    return [finite(row) for row in rows(figures, trained, known, pool.failed)]


def finite(row: Row) -> Row:
    """Return the row; one whose value is no number says so."""
    if row.value is not None and not math.isfinite(row.value):
        return Row(row.metric, None, row.unit, note=f"not a finite number; {row.note}")
    return row


def wanted_of(options: Namespace) -> Wanted:
    """Return what the options ask for; a quick run is one seed, one market and a few seconds."""
    quick: bool = options.quick

    def chosen(given: Sequence[str] | None, full: Sequence[str], few: Sequence[str]) -> Sequence[str]:
        return given if given is not None else few if quick else full

    for option in ("threads", "jobs"):
        if getattr(options, option) < 1:
            raise ConfigError(f"--{option}: {getattr(options, option)} is below 1")
    return Wanted(
        markets=chosen(options.markets, MARKETS, MARKETS[:1]),
        agents=chosen(options.agents, (*AGENTS, *PEERS), (*AGENTS, *PEERS)),
        networks=chosen(options.networks, NETWORKS, ()),
        seeds=options.seeds if options.seeds is not None else [0] if quick else [0, 1, 2],
        seconds=options.seconds if options.seconds is not None or not quick else 3.0,
        size=QUICK if quick else FULL,
        threads=options.threads,
        clock=options.clock,
        overrides=tuple(options.overrides),
    )
