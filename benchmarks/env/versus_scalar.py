"""The environment against the scalar reference under Stable-Baselines3's own vector environments."""

import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv

from benchmarks.env.rates import UNIT
from benchmarks.env.scalar import ScalarEnv, scalar_env
from benchmarks.env.workload import ASSETS, ENVS, FULL, Stepper, stepper
from benchmarks.record import Row
from benchmarks.timing import Effort, cores, interleave, pinned
from ploutos.env.market import Market

SCALAR_ROWS = 1_000  # what the reference reads is made ready for them; a smaller market is easier on it
PROCESSES = 2


def measure(market: Market, effort: Effort) -> Iterator[Row]:
    """Yield a row for each; ours runs on one core, with as many portfolios as the first."""
    ours = stepper(market, *FULL)
    first = scalar_env(ASSETS, SCALAR_ROWS, 0)
    dummy = Stepper(DummyVecEnv([partial(sibling, first, k) for k in range(ENVS)]))
    with cores(1):
        times = interleave({"ours": ours, "theirs": dummy}, effort)
    note = f"same rules, actions and observations; {ENVS} envs each, one core"
    name = f"scalar reference, DummyVecEnv, {ENVS} envs"
    yield row("env.vs_scalar_dummy_vec_env", times, ENVS, name, note)

    makers: list[Callable[[], Any]] = [partial(scalar_env, ASSETS, SCALAR_ROWS, k) for k in range(PROCESSES)]
    split = Stepper(SubprocVecEnv(makers))
    try:
        times = interleave({"ours": pinned(ours), "theirs": split}, effort)
    finally:
        split.env.close()
    note = f"ours: {ENVS} envs on one core; theirs: {PROCESSES} processes with an env each on all cores"
    name = f"scalar reference, SubprocVecEnv, {PROCESSES} processes"
    yield row("env.vs_scalar_subproc_vec_env", times, PROCESSES, name, note)


def row(metric: str, times: dict[str, Any], theirs: int, name: str, note: str) -> Row:
    """Return the row of ours against theirs."""
    baseline = (name, times["theirs"], float(theirs))
    return Row.rate(metric, times["ours"], units=ENVS, unit=UNIT, note=note, baseline=baseline)


def sibling(first: ScalarEnv, seed: int) -> ScalarEnv:
    """Return an environment that shares the market and quotes of `first`."""
    other = copy.copy(first)
    other.rng = np.random.default_rng(seed)
    return other
