"""Running `ploutos` as a command of its own, and the smallest study there is."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

TINY = [
    "name=tiny",
    "data.n_assets=4",
    "data.start_date=2018-01-02",
    "data.years=4.1",
    "data.bars_per_session=2",
    "data.bar_minutes=180",
    "data.delisting.per_year=0",
    "split.first_test=2020-01-01",
    "split.n_folds=2",
    "split.validation_months=1",
    "split.min_train_bars=200",
    "agent.total_steps=256",
    "agent.n_steps=16",
    "agent.sequence_steps=16",
    "agent.batch_size=64",
    "agent.n_epochs=1",
    "agent.hold_bias=-0.5",
    "env.num_envs=8",
    "env.episode_bars=64",
]
CHECKS = [
    "validation.checks.price_noise.paths=3",
    "validation.checks.bootstrap_sharpe.resamples=100",
    "validation.checks.paired_baselines.resamples=100",
]
# A test run in the background may have inherited an ignored Ctrl-C.
MAIN = """
import signal
from ploutos.apps.main import main
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Call = Callable[..., Ended]


def start(*arguments: str, folder: Path, **environment: str) -> "subprocess.Popen[str]":
    """Start `ploutos` in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", MAIN, *arguments],
        cwd=folder,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process: "subprocess.Popen[str]", timeout: float = 900) -> Ended:
    """Wait for a command."""
    out, err = process.communicate(timeout=timeout)
    return Ended(process.returncode, out, err)


def run(*arguments: str, folder: Path, **environment: str) -> Ended:
    """Start and wait."""
    return finish(start(*arguments, folder=folder, **environment))
