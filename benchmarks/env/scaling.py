"""Steps per second over assets, environments and threads."""

from collections.abc import Iterator

from benchmarks.env.rates import UNIT
from benchmarks.env.workload import ASSETS, FULL, MIXES, ROWS, Stepper, make_market, portfolio
from benchmarks.record import Row
from benchmarks.timing import Effort, cores, interleave, progress
from ploutos.env.market import Market

SCALE_ASSETS, SCALE_ENVS = (10, 50, 200, 500), (1, 16, 256, 2048)
WIDE_ROWS = 5_000  # of markets with more than `ASSETS` names: 112 MB of features and more


def measure(market: Market, effort: Effort) -> Iterator[Row]:
    """Yield a row for each combination; both numbers of threads are measured in turn."""
    for assets in SCALE_ASSETS:
        progress(f"env: scaling, {assets} assets")
        traded = market if assets == ASSETS else make_market(assets, ROWS if assets < ASSETS else WIDE_ROWS)
        made = portfolio(*FULL, MIXES["trade"][0])
        for envs in SCALE_ENVS:
            walkers = {}
            for threads in (1, 2):
                # One object for all shapes, because its table of costs is slow to make.
                made.num_envs, made.threads = envs, threads
                walkers[f"t{threads}"] = Stepper(made.vec_env(traded, slice(0, len(traded.ts)), 0))
            with cores(2):
                times = interleave(walkers, effort)
            for walker in walkers.values():
                walker.env.close()
            name = f"env.step_rate.a{assets}.e{envs}"
            note = f"{len(traded.ts)} bars, else as env.step_rate_1core"
            one, two = times["t1"], times["t2"]
            yield Row.rate(f"{name}.t1", one, units=envs, unit=UNIT, note=note)
            against = ("1 thread", one, float(envs))
            yield Row.rate(f"{name}.t2", two, units=envs, unit=UNIT, note=note, baseline=against)
