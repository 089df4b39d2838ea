"""What a fresh process waits for: imports, compilation, the first step. Run as a module, it is one."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.machine import ROOT
from benchmarks.record import Row
from benchmarks.timing import Sample

NOTE = "one thread; realistic costs, all stops; 50 assets x 28 features, 256 envs, 20000 bars"


Figures = dict[str, float]


@dataclass(frozen=True)
class First:
    """The process that compiles, and the folder in which it leaves the kernels."""

    process: "subprocess.Popen[str]"
    cache: str


@contextmanager
def first_process() -> Iterator[First]:
    """Start a process that finds no kernel cached, end it and remove its cache afterwards."""
    with tempfile.TemporaryDirectory(prefix="ploutos-kernels-") as cache, launch(cache) as process:
        try:
            yield First(process, cache)
        finally:
            process.kill()


def measure(first: First, repetitions: int) -> Iterator[Row]:
    """Yield the rows: the first process, then others that find its kernels."""
    compiled = finished(first.process)
    later = [finished(launch(first.cache)) for _ in range(repetitions)]
    cached = Sample(tuple(told["first_step_s"] for told in later))
    imports = Sample(tuple(told["import_s"] for told in later))
    yield Row(
        "env.compile_s",
        compiled["first_step_s"],
        "s",
        "with cached kernels",
        cached.median,
        compiled["first_step_s"] / cached.median,
        f"from the environment's construction to its first step done, no kernel cached; {NOTE}",
    )
    note = f"the same in a second process, without imports; {NOTE}; {cached.spread()}"
    yield Row("env.first_step_second_process_s", cached.median, "s", note=note)
    note = f"import of Ploutos, Stable-Baselines3, Numba and Hydra in that process; {imports.spread()}"
    yield Row("env.import_s", imports.median, "s", note=note)


def launch(cache: str) -> "subprocess.Popen[str]":
    """Start a process that makes an environment and steps it once, with its kernels in `cache`."""
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.env.start"],
        cwd=ROOT,
        env=os.environ | {"NUMBA_CACHE_DIR": cache},
        stdout=subprocess.PIPE,
        text=True,
    )


def finished(process: "subprocess.Popen[str]") -> Figures:
    """Return what the process tells when it is done."""
    said, _ = process.communicate()
    if process.returncode:
        raise RuntimeError(f"the process that steps for the first time ended with code {process.returncode}")
    told: Figures = json.loads(said)
    return told


def start() -> Figures:
    """Return the seconds of importing, and from construction to the end of the first step."""
    begin = time.perf_counter()
    import ploutos.env.vec_env  # noqa: F401
    from benchmarks.env.workload import (
        ASSETS,
        ENVS,
        FULL,
        MIXES,
        ROWS,
        build,
        config,
        draw_actions,
        make_market,
    )

    imported = time.perf_counter() - begin
    market = make_market(ASSETS, ROWS)
    composed = config(*FULL, MIXES["trade"][0], f"env.num_envs={ENVS}")
    begin = time.perf_counter()
    env = build(composed).vec_env(market, slice(0, ROWS), 0)
    env.reset()
    constructed = time.perf_counter() - begin
    action = draw_actions(env.action_space, ENVS, 0.0)[0]
    begin = time.perf_counter()
    env.step(action)
    return {"import_s": imported, "first_step_s": constructed + time.perf_counter() - begin}


if __name__ == "__main__":
    print(json.dumps(start()))
