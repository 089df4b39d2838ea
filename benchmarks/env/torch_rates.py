"""Steps per second of the Torch market, with and without gradients."""

from collections.abc import Callable, Iterator

import numpy as np
import torch

from benchmarks.env.rates import UNIT
from benchmarks.env.workload import ASSETS, ENVS, portfolio
from benchmarks.record import Row
from benchmarks.timing import Effort, Work, cores, interleave
from ploutos.env.market import Market
from ploutos.env.torch_market import TorchMarket

BARS = 16  # of a rollout
GPU_ENVS = 8_192
SMOOTHNESS = 1e-3
RULES = ("execution/costs=realistic", "execution/stops=none")


def measure(market: Market, effort: Effort) -> Iterator[Row]:
    """Yield the rows of the CPU with one and two threads, and of the GPU where there is one."""
    before = torch.get_num_threads()
    torched = torch_market(market, "cpu")
    for threads in (1, 2):
        suffix = "" if threads == 1 else ".t2"
        try:
            torch.set_num_threads(threads)
            with cores(threads):
                yield from rows(torched, ENVS, effort, suffix, f"CPU, {threads} thread(s)")
        finally:
            torch.set_num_threads(before)
    if torch.cuda.is_available():
        torched = torch_market(market, "cuda")
        for envs, suffix in ((ENVS, ".gpu"), (GPU_ENVS, f".gpu.e{GPU_ENVS}")):
            yield from rows(torched, envs, effort, suffix, torch.cuda.get_device_name())


def torch_market(market: Market, device: str) -> TorchMarket:
    """Return the Torch market of the configured rules, in 32 bits."""
    venue = portfolio(*RULES).venue(market)
    return TorchMarket(market, venue, device=device, dtype=torch.float32, smoothness=SMOOTHNESS)


def rows(torched: TorchMarket, envs: int, effort: Effort, suffix: str, where: str) -> Iterator[Row]:
    """Yield the rate of forward and backward steps, beside that of forward steps alone."""
    run = rollouts(torched, envs)
    both, forward = run(True), run(False)
    times = interleave({"both": both, "forward": forward}, effort)
    units = envs * BARS
    note = (
        f"{where}; {ASSETS} assets, {envs} envs, rollouts of {BARS} bars, float32, realistic costs, no stops;"
        " random target weights, loss: mean log growth"
    )
    yield Row.rate(
        f"env.torch_step_rate{suffix}",
        times["both"],
        units=units,
        unit=UNIT,
        note=f"forward and backward; {note}",
        baseline=("forward alone", times["forward"], units),
    )
    yield Row.rate(
        f"env.torch_step_rate_forward{suffix}",
        times["forward"],
        units=units,
        unit=UNIT,
        note=f"forward; {note}",
    )


def rollouts(torched: TorchMarket, envs: int) -> Callable[[bool], Work]:
    """Return what makes work of rollouts from random rows, with or without gradients."""
    rng = np.random.default_rng(3)
    device = torched.device
    row = torch.as_tensor(rng.integers(0, torched.bars - BARS, envs), device=device)
    scenario = torch.zeros(envs, dtype=torch.int64, device=device)
    logits = torch.as_tensor(
        rng.standard_normal((BARS, envs, ASSETS + 1)), dtype=torch.float32, device=device
    )
    targets = logits.softmax(-1)[..., :-1]

    def work(gradients: bool) -> Work:
        wanted = targets.clone().requires_grad_(gradients)

        def run(times: int) -> None:
            for _ in range(times):
                wanted.grad = None
                with torch.set_grad_enabled(gradients):
                    done = torched.rollout(
                        wanted, ledger=torched.open(envs, 1e6), scenario=scenario, row=row, bars=BARS
                    )
                    if gradients:
                        done.log_growth.mean().backward()
            if device.type == "cuda":
                torch.cuda.synchronize()

        return run

    return work
