"""The command line: which benchmark, with which options, and where the result goes."""

import argparse
import json
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from benchmarks.record import Record, table, write
from ploutos.types import ConfigError, one_of

# Name -> what it measures, and the module that does: it has `add_arguments(parser)` and `measure(options)`,
# which returns rows.
BENCHMARKS = {
    "env": ("steps per second of the environment, its Torch twin and its peers", "benchmarks.env.suite"),
    "features": ("features per second beside pandas; one more bar", "benchmarks.features.suite"),
    "learning": ("what agents learn in minutes, beside an oracle", "benchmarks.learning.suite"),
    "panel": ("a panel built, opened and shared by processes; a file of bars read", "benchmarks.panel.suite"),
    "recurrent_ppo": (
        "training steps per second beside sb3-contrib's RecurrentPPO",
        "benchmarks.recurrent_ppo.suite",
    ),
    "stacked_seeds": ("seeds trained together beside one after another", "benchmarks.stacked_seeds.suite"),
}


class OneLine(argparse.ArgumentParser):
    """A parser that tells a usage error in one line."""

    def error(self, message: str) -> NoReturn:
        """Raise what `main` prints."""
        raise ConfigError(f"{self.prog}: {message} (--help lists the options)")


def main(arguments: Sequence[str]) -> int:
    """Return the exit code: 0 measured, 2 a usage error."""
    try:
        if not arguments or arguments[0] in ("-h", "--help"):
            print(listing())
            return 0
        return run(arguments[0], arguments[1:])
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2


def listing() -> str:
    """Return every benchmark in a line."""
    width = max(map(len, BENCHMARKS))
    names = [f"  {name:{width}}  {what}" for name, (what, _) in BENCHMARKS.items()]
    return "\n".join(["usage: python -m benchmarks NAME [--json FILE] [--quick]", "", *names])


def run(name: str, arguments: Sequence[str]) -> int:
    """Measure, print the table, write the file."""
    if name not in BENCHMARKS:
        raise one_of("benchmark", name, BENCHMARKS)
    what, module = BENCHMARKS[name]
    benchmark = import_module(module)
    parser = OneLine(prog=f"python -m benchmarks {name}", description=what)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows to FILE")
    parser.add_argument("--quick", action="store_true", help="a smoke run: fewer and shorter repetitions")
    benchmark.add_arguments(parser)
    options = parser.parse_args(arguments)
    if options.json is not None and not options.json.absolute().parent.is_dir():
        raise ConfigError(f"--json: the folder of '{options.json}' does not exist")
    record = Record.of(name, benchmark.measure(options))
    print(table(record))
    if options.json is not None:
        write(options.json, json.dumps(record.as_dict(), indent=2, allow_nan=False) + "\n")
    return 0
