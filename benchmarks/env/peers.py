"""The environment against Gym-Trading-Env and TorchTrade, which run in processes of their own."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.env.workload import ASSETS, ENVS, FEATURES, FULL, ROWS, make_market, stepper
from benchmarks.record import Row
from benchmarks.timing import Effort, interleave, pinned
from ploutos.env.market import Market
from ploutos.types import ConfigError

SERVER = Path(__file__).with_name("peer_server.py")
PEER_ROWS = 5_000
# Metric -> (peer, its environments, ours): Gym-Trading-Env steps one at a time.
PAIRS = {
    "env.vs_gym_trading_env": ("gym-trading-env", 1, ENVS),
    "env.vs_torchtrade": ("torchtrade", ENVS, ENVS),
    "env.vs_torchtrade_e2048": ("torchtrade", 2048, 2048),
}


class Peer:
    """A peer that steps in its own process when told to.

    Attributes
    ----------
    told : once it is ready: its version and what it steps, or `missing`: why it cannot.
    """

    def __init__(self, python: str, name: str, envs: int) -> None:
        self.name, self.envs = name, envs
        self.told: dict[str, Any] = {}
        self.process = subprocess.Popen(
            [python, str(SERVER), name, str(envs), str(FEATURES), str(PEER_ROWS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def answer(self) -> dict[str, Any]:
        """Return the next line that the process says."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        return dict(json.loads(line)) if line else {"missing": f"ended with code {self.process.wait()}"}

    def __call__(self, steps: int) -> None:
        """Do `steps` steps of the whole batch."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{steps}\n")
        self.process.stdin.flush()
        if "missing" in (told := self.answer()):
            raise RuntimeError(f"the peer {told['missing']} while it was measured")

    def close(self) -> None:
        """End the process: it stops when nothing more can be asked."""
        with self.process:
            pass

    def ready(self) -> bool:
        """Wait until it is ready; return whether it is there at all."""
        self.told = self.told or self.answer()
        return "missing" not in self.told


def check_interpreters(pythons: Sequence[str]) -> None:
    """Refuse what cannot be run."""
    for python in pythons:
        if shutil.which(python) is None:
            raise ConfigError(f"--peers-python: '{python}' is no program that can be run")


def measure(market: Market, effort: Effort, pythons: Sequence[str]) -> Iterator[Row]:
    """Yield rows per bar of one asset, and per bar and asset of the 50-asset market."""
    single = make_market(1, ROWS)
    peers = {(name, envs): find(pythons or [sys.executable], name, envs) for name, envs, _ in PAIRS.values()}
    try:
        for metric, (name, theirs, ours) in PAIRS.items():
            yield from rows(metric, peers[name, theirs], ours, (single, market), effort)
    finally:
        for peer in peers.values():
            peer.close()


def find(pythons: Sequence[str], name: str, envs: int) -> Peer:
    """Return the peer in the first interpreter that has it, or else one that tells what is missing."""
    for python in pythons:
        peer = Peer(python, name, envs)
        if len(pythons) == 1 or peer.ready():
            break
        peer.close()
    return peer


def rows(metric: str, peer: Peer, envs: int, markets: tuple[Market, Market], effort: Effort) -> Iterator[Row]:
    """Yield both rows of one peer against `envs` of ours; they take turns."""
    if not peer.ready():
        for suffix, unit in (("", "bars/s"), ("_asset_bars", "asset-bars/s")):
            yield Row(metric + suffix, None, unit, peer.name, note=peer.told["missing"])
        return
    narrow, wide = (pinned(stepper(market, *FULL, envs=envs)) for market in markets)
    times = interleave({"narrow": narrow, "wide": wide, "peer": peer}, effort)
    baseline = (f"{peer.name} {peer.told['version']}, {peer.envs} env(s)", times["peer"], float(peer.envs))
    does = f"theirs: {peer.told['does']}; ours: realistic costs, all stops, {FEATURES} features, {envs} envs"
    note = f"{does}, 1 asset; one thread each"
    yield Row.rate(metric, times["narrow"], units=envs, unit="bars/s", note=note, baseline=baseline)
    note = f"{does}, {ASSETS} assets, each of which counts; one thread each"
    yield Row.rate(
        f"{metric}_asset_bars",
        times["wide"],
        units=envs * ASSETS,
        unit="asset-bars/s",
        note=note,
        baseline=baseline,
    )
