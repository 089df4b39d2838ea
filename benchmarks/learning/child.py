"""A process that does one run: `python -m benchmarks.learning.child SPEC RESULT [TUNED]`."""

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.learning.arena import arena, config_of
from benchmarks.learning.run import PEERS, Run
from benchmarks.machine import commit
from benchmarks.record import write
from ploutos.types import PloutosError


def main(spec: str, result: str, tuned: str = "") -> int:
    """Do what the file `spec` says and write what was found to `result`."""
    run = Run.from_dict(json.loads(Path(spec).read_text()))
    try:
        found = WORK[run.kind](run, Path(tuned))
    except PloutosError as error:
        print(error, file=sys.stderr)
        return 2
    told = {"run": run.as_dict(), "commit": commit(), **found}
    write(Path(result), json.dumps(told, indent=2, allow_nan=False) + "\n")
    return 0


def tuning(run: Run, tuned: Path) -> dict[str, Any]:
    """Choose the oracle's settings."""
    from ploutos.agent.oracle_tuning import tune
    from ploutos.apps.parts import build

    with config_of(run, "oracle") as config:
        config.agent.tuning_bars = run.size.tuning
        agent, environment = build(config.agent), build(config.env)
    chosen, _ = tune(environment, agent.tuning_market(), agent.coarse, agent.refinements, lambda a, b: None)
    return {"chosen": chosen.as_dict()}


def reference(run: Run, tuned: Path) -> dict[str, Any]:
    """Test the oracle with the settings of the file `tuned`, and equal weight."""
    from benchmarks.learning.testing import tested
    from ploutos.agent.oracle_family import Candidate
    from ploutos.agent.oracle_policy import OraclePolicy
    from ploutos.apps.parts import build
    from ploutos.types.checkpoints import NO_CHECKPOINTS
    from ploutos.types.monitor import Silent

    chosen = Candidate(**json.loads(tuned.read_text())["chosen"])
    with arena(run, "equal_weight") as a:
        rest = {"validation": slice(0, 0), "monitor": Silent(), "checkpoints": NO_CHECKPOINTS}
        equal = build(a.config.agent).fit(a.environment, a.market, a.train, seed=0, **rest)
        oracle = OraclePolicy(chosen, a.environment, a.market)
        return {
            name: tested(policy, a.environment, a.market, a.test)
            for name, policy in (("equal_weight", equal), ("oracle", oracle))
        }


def training(run: Run, tuned: Path) -> dict[str, Any]:
    """Train by the clock and test every policy that was set aside."""
    import torch

    from benchmarks.learning import own, peers
    from benchmarks.learning.testing import tested

    torch.set_num_threads(run.threads)
    agent, train = ("equal_weight", peers.train) if run.agent in PEERS else (run.agent, own.train)
    with arena(run, agent) as a, tempfile.TemporaryDirectory(prefix="ploutos-learning-") as name:
        moments: list[dict[str, Any]] = []
        for moment, policy in train(run, a, Path(name)):
            same = bool(moments) and moments[-1]["steps"] == moment.steps
            figures = moments[-1]["test"] if same else tested(policy(), a.environment, a.market, a.test)
            moments.append({**asdict(moment), "test": figures})
    return {"moments": moments}


WORK = {"tuning": tuning, "reference": reference, "training": training}

if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
