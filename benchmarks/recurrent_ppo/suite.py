"""The benchmark `recurrent_ppo`."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from benchmarks.record import Row
from benchmarks.recurrent_ppo.default import Workload
from benchmarks.recurrent_ppo.trainers import (
    HIDDEN,
    PATTERNS,
    ROLLOUT,
    WIDTH,
    noise,
    ours,
    parameters,
    rollouts,
    theirs,
)
from benchmarks.timing import Effort, cores, interleave, progress
from ploutos.agent.network.sequence_plan import plan_cells

UNIT = "environment steps/s"
PERIOD = {"together": 4}  # rollouts after which a pattern of episodes repeats, where it is not each
WHEN = {
    "staggered": "episodes of 256 steps that begin one after another",
    "together": "episodes of 256 steps that all begin together, every fourth rollout",
    "unbroken": "no episode begins",
}
FULL, QUICK = Effort(seconds=1.0, repetitions=5), Effort(seconds=0.1, repetitions=1)


def add_arguments(parser: ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument(
        "--threads",
        type=int,
        action="append",
        metavar="N",
        help="threads and cores to measure on (default: 2 and 1, quick: 2); may be repeated",
    )


def measure(options: Namespace) -> list[Row]:
    """Return all rows."""
    return list(sections(options))


def sections(options: Namespace) -> Iterator[Row]:
    """Yield the rows; a quick run leaves out the patterns beside the headline."""
    effort = QUICK if options.quick else FULL
    for threads in options.threads or ((2,) if options.quick else (2, 1)):
        with computing(threads):
            suffix = "" if threads == 2 else f".t{threads}"
            where = f"CPU, {threads} thread(s)"
            for pattern in ("staggered",) if options.quick else PATTERNS:
                progress(f"recurrent_ppo: identical network, {pattern}, {where}")
                yield identical(pattern, "cpu", effort, suffix, where)
            progress(f"recurrent_ppo: default networks, {where}")
            yield from default("cpu", effort, suffix, where)
    yield from on_gpu(effort)
    yield padding()


@contextmanager
def computing(threads: int) -> Iterator[None]:
    """Let Torch compute on so many threads and cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with cores(threads):
            yield
    finally:
        torch.set_num_threads(before)


def identical(pattern: str, device: str, effort: Effort, suffix: str, where: str) -> Row:
    """Return the row of both trainers with sb3-contrib's network."""
    name = "" if pattern == "staggered" else f".{pattern}"
    mine, other = ours(noise(pattern), device), theirs(noise(pattern), device)
    about = f"{WHEN[pattern]}; observation {WIDTH}, LSTM {HIDDEN} for actor and critic, {parameters(mine):,}"
    return compared(
        f"recurrent_ppo.identical_vs_sb3_contrib{name}{suffix}",
        (mine, other),
        effort,
        f"{where}; {about} parameters",
        PERIOD.get(pattern, 1),
    )


def default(device: str, effort: Effort, suffix: str, where: str) -> Iterator[Row]:
    """Yield the row of both libraries' default networks on the same market."""
    work = Workload()
    mine, other = work.ours(device), theirs(work.env(), device)
    about = (
        f"{where}; 50 names, 28 features, observation {mine.observation_space.shape[0]}, agent=recurrent_ppo"
        f" with {parameters(mine):,} parameters against MlpLstmPolicy with {parameters(other):,}"
    )
    name = f"recurrent_ppo.default_vs_sb3_contrib{suffix}"
    yield compared(name, (mine, other), effort, about, PERIOD["together"])


def compared(metric: str, models: tuple[Any, Any], effort: Effort, note: str, period: int) -> Row:
    """Time rollouts with their updates, in turn."""
    works = {"ours": rollouts(models[0]), "theirs": rollouts(models[1])}
    times = interleave(works, effort, multiples=dict.fromkeys(works, period))
    return Row.rate(
        metric,
        times["ours"],
        units=ROLLOUT,
        unit=UNIT,
        note=f"{note}; 64 envs x 64 steps, batch 1024, 4 epochs",
        baseline=("sb3-contrib RecurrentPPO", times["theirs"], ROLLOUT),
    )


def on_gpu(effort: Effort) -> Iterator[Row]:
    """Yield the rows of a GPU beside the same on two CPU cores; where there is none, say so."""
    name = "recurrent_ppo.default_gpu_vs_cpu"
    if not torch.cuda.is_available():
        why = "no GPU here"
        yield Row("recurrent_ppo.identical_vs_sb3_contrib.gpu", None, UNIT, note=why)
        yield Row("recurrent_ppo.default_vs_sb3_contrib.gpu", None, UNIT, note=why)
        yield Row(name, None, UNIT, note=why)
        return
    where = torch.cuda.get_device_name()
    progress(f"recurrent_ppo: {where}")
    with computing(2):
        yield identical("staggered", "cuda", effort, ".gpu", where)
        yield from default("cuda", effort, ".gpu", where)
        work = Workload()
        works = {device: rollouts(work.ours(device)) for device in ("cuda", "cpu")}
        times = interleave(works, effort)
        yield Row.rate(
            name,
            times["cuda"],
            units=ROLLOUT,
            unit=UNIT,
            note=f"{where}; agent=recurrent_ppo",
            baseline=("CPU, 2 threads", times["cpu"], ROLLOUT),
        )


def padding() -> Row:
    """Return the share of padding in the fused calls of one pass over a rollout."""
    model = ours(noise("staggered"), "cpu")
    shares = []
    for minibatch in model.rollout_buffer.minibatches(model.batch_size):
        plan = plan_cells(minibatch.starts, None, minibatch.starts.device)
        shares.append(0.0 if plan is None else plan.padding)
    note = f"{WHEN['staggered']}; mean over minibatches, at most {max(shares):.3f}"
    return Row("recurrent_ppo.padding_share", sum(shares) / len(shares), "share of LSTM cells", note=note)
