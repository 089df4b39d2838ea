"""Steps per second on one core beside `memcpy` of the same observations."""

from collections.abc import Iterator

import numpy as np

from benchmarks.env.workload import (
    ASSETS,
    ENVS,
    EPISODE,
    FEATURES,
    FULL,
    ROWS,
    SIMPLE,
    Stepper,
    stepper,
    with_strangers,
)
from benchmarks.machine import l3_mib
from benchmarks.record import Row
from benchmarks.timing import Effort, Sample, Work, cores, interleave
from ploutos.env.market import Market

UNIT = "env-steps/s"
SHAPE = f"{ASSETS} assets x {FEATURES} features, {ENVS} envs, {ROWS} bars"
TRADE = "target weights from fresh normal logits, so that every name trades at every bar"
HOLD = "changes of weights, nine names in ten hold"


def measure(market: Market, effort: Effort) -> Iterator[Row]:
    """Yield the rows; everything is measured in turn on one core."""
    envs = {
        "trade": stepper(market, *FULL),
        "hold": stepper(market, *FULL, mix="hold"),
        "simple": stepper(market, *SIMPLE),
        "simple_hold": stepper(market, *SIMPLE, mix="hold"),
        "strangers": stepper(with_strangers(market, 0.1), *FULL),
    }
    staggered, fresh = stepper(market, *FULL), stepper(market, *FULL)
    stagger(staggered)
    size = staggered.env.observation_space.shape[0]

    def reset(times: int) -> None:
        for _ in range(times):
            fresh.env.reset()

    with cores(1):
        told = {name: behaviour(env) for name, env in envs.items()}
        copies = {"memcpy": Copy(size, blocks=1), "memcpy_cold": Copy(size, blocks=cold_blocks(size))}
        work: dict[str, Work] = {**envs, "staggered": staggered, **copies, "reset": reset}
        times = interleave(work, effort, multiples=dict.fromkeys(envs, EPISODE))

    def row(metric: str, name: str, note: str, copied: str | None = None) -> Row:
        baseline = (f"np.copyto of [{ENVS}, {size}] float32", times[copied], ENVS) if copied else None
        return Row.rate(metric, times[name], units=ENVS, unit=UNIT, note=note, baseline=baseline)

    full, simple = f"{SHAPE}, realistic costs, all stops", f"{SHAPE}, fixed bps, no stops"
    yield row("env.step_rate_1core", "trade", f"{full}; {TRADE}; {told['trade']}")
    yield row("env.vs_memcpy", "trade", "source and target stay in the cache", "memcpy")
    size_mb = copies["memcpy_cold"].megabytes
    walk = f"the source walks through {size_mb:.0f} MB, as the environment through a market"
    yield row("env.vs_memcpy_cold_source", "trade", walk, "memcpy_cold")
    yield row("env.step_rate_1core_hold", "hold", f"{full}; {HOLD}; {told['hold']}")
    yield row("env.step_rate_1core_simple", "simple", f"{simple}; {TRADE}; {told['simple']}")
    yield row("env.step_rate_1core_simple_hold", "simple_hold", f"{simple}; {HOLD}; {told['simple_hold']}")
    note = f"as env.step_rate_1core, but a tenth of the names are no members; {told['strangers']}"
    yield row("env.step_rate_1core_strangers", "strangers", note)
    note = f"as env.step_rate_1core, but episodes end at {EPISODE} different bars instead of all at one"
    yield row("env.step_rate_1core_staggered", "staggered", note)
    yield reset_row(times["reset"])


def reset_row(sample: Sample) -> Row:
    """Return the time of one reset of all portfolios."""
    return Row("env.reset_us", sample.median * 1e6, "us", note=f"all {ENVS} envs at once; {sample.spread()}")


class Copy:
    """Copies observation blocks [envs, size] float32, the next of `blocks` sources each time."""

    def __init__(self, size: int, *, blocks: int) -> None:
        rng = np.random.default_rng(0)
        self.sources = [rng.standard_normal((ENVS, size), dtype=np.float32) for _ in range(blocks)]
        self.target = np.zeros((ENVS, size), np.float32)
        self.at = 0

    @property
    def megabytes(self) -> float:
        """Size of all sources, MB."""
        return sum(source.nbytes for source in self.sources) / 1e6

    def __call__(self, copies: int) -> None:
        """Copy so many blocks."""
        sources, target, blocks = self.sources, self.target, len(self.sources)
        for k in range(self.at, self.at + copies):
            np.copyto(target, sources[k % blocks])
        self.at = (self.at + copies) % blocks


def cold_blocks(size: int) -> int:
    """Return how many observation blocks fill the last-level cache four times."""
    return int(4 * l3_mib() * 2**20 / (ENVS * size * 4)) + 1


def stagger(walker: Stepper) -> None:
    """Let the portfolios' first episodes end one after another, and so all later ones."""
    state = walker.env.state_dict()
    state["elapsed"] = np.arange(ENVS) * EPISODE // ENVS
    walker.env.load_state_dict(state)


def behaviour(walker: Stepper) -> str:
    """Return in words how much one whole episode trades (not timed)."""
    turnover, forced = 0.0, 0.0
    for _ in range(EPISODE):
        walker(1)
        outcome = walker.env.simulator.outcome
        turnover += outcome.turnover.mean() / EPISODE
        forced += outcome.forced.mean() / EPISODE
    return f"turnover {turnover:.0%} of equity a bar, {forced:.0%} of decisions overruled by limits"
