"""The benchmark `env`."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator

from benchmarks.env import peers, rates, scaling, start, torch_rates, versus_scalar
from benchmarks.env.workload import ASSETS, ROWS, make_market
from benchmarks.record import Row
from benchmarks.timing import Effort, progress

FULL = Effort(seconds=0.25, repetitions=15)
QUICK = Effort(seconds=0.05, repetitions=3)
SCALING = Effort(seconds=0.1, repetitions=5)


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument(
        "--peers-python",
        action="append",
        default=[],
        metavar="PATH",
        help="an interpreter that has Gym-Trading-Env or TorchTrade (default: this one); may be repeated",
    )


def measure(options: Namespace) -> list[Row]:
    """Return all rows."""
    peers.check_interpreters(options.peers_python)
    return list(sections(options))


def sections(options: Namespace) -> Iterator[Row]:
    """Yield the rows, section by section.

    The process that compiles runs alone; only a quick run, which wants no exact figures, goes on beside it.
    """
    with start.first_process() as first:
        if options.quick:
            yield from steps(options, QUICK)
        progress("env: import, compile, first step")
        yield from start.measure(first, 1 if options.quick else 3)
    if not options.quick:
        yield from steps(options, FULL)


def steps(options: Namespace, effort: Effort) -> Iterator[Row]:
    """Yield the rows of everything that steps."""
    market = make_market(ASSETS, ROWS)
    progress("env: steps beside memcpy")
    yield from rates.measure(market, effort)
    progress("env: against the scalar reference")
    yield from versus_scalar.measure(market, effort)
    progress("env: against Gym-Trading-Env and TorchTrade")
    yield from peers.measure(market, effort, options.peers_python)
    progress("env: Torch market")
    yield from torch_rates.measure(market, effort)
    yield from scaling.measure(market, QUICK if options.quick else SCALING)
