"""The benchmark `stacked_seeds`."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence

import torch

from benchmarks.env.workload import ASSETS, ROWS, build, config, make_market
from benchmarks.record import Row
from benchmarks.timing import Effort, Work, cores, interleave, progress
from ploutos.agent.direct_policy_gradient import DirectPolicyGradient
from ploutos.agent.gradient.learner import Learner
from ploutos.apps.safety import components
from ploutos.features.scaler import RobustScaler

SEEDS = (0, 1, 2, 3)
NETWORKS = ("cross_sectional_lstm", "cross_sectional_mlp", "set_attention", "flat_mlp")
CASES = {network: (f"agent/network={network}",) for network in NETWORKS} | {
    # Bars through the Torch market instead of compiled ones.
    "margin_account": ("agent/network=cross_sectional_mlp", "execution/account=margin"),
}
CELLS = 1_000_000  # that the scaler reads
UNIT = "environment steps/s"
FULL, QUICK = Effort(seconds=3.0, repetitions=5), Effort(seconds=0.1, repetitions=1)


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument("--case", action="append", choices=CASES, help="only this one; may be repeated")


def measure(options: Namespace) -> list[Row]:
    """Return a row for each case, on one core, and on a GPU where there is one."""
    cases = options.case or (NETWORKS[:2] if options.quick else tuple(CASES))
    effort = QUICK if options.quick else FULL
    devices = ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)
    with cores(1):
        return [row for device in devices for row in rows(cases, device, effort)]


def rows(cases: Sequence[str], device: str, effort: Effort) -> Iterator[Row]:
    """Yield the rows of one device."""
    market, window = make_market(ASSETS, ROWS), slice(0, ROWS)
    scaler = RobustScaler.fit(market.features[0], market.member, window, clip=5.0, max_cells=CELLS)
    for case in cases:
        progress(f"stacked_seeds: {case}, {device}")
        composed = config("agent=direct_policy_gradient", f"agent.device={device}", *CASES[case])
        agent: DirectPolicyGradient = components.build(composed.agent)
        environment = build(composed)
        stack = agent.learner(environment, market, window, scaler, *SEEDS)
        single = [agent.learner(environment, market, window, scaler, seed) for seed in SEEDS]
        times = interleave({"together": updates([stack]), "in turn": updates(single)}, effort)
        steps = len(SEEDS) * stack.steps_a_window
        yield Row.rate(
            f"stacked_seeds.{case}" + (".gpu" if device == "cuda" else ""),
            times["together"],
            units=steps,
            unit=UNIT,
            note=f"{len(SEEDS)} seeds, {agent.portfolios} portfolios each, windows of {agent.window_bars}"
            f" bars, {ASSETS} names; {device}",
            baseline=("the same seeds one after another", times["in turn"], steps),
        )


def updates(learners: Sequence[Learner]) -> Work:
    """Return work whose unit is an update of every seed."""

    def run(units: int) -> None:
        for _ in range(units):
            for learner in learners:
                figures = learner.update(1.0)
        float(figures.utility[0])  # a GPU is waited for

    return run
