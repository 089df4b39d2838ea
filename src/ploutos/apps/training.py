"""The body of a training run: fit on the fold's training window, backtest on its test window."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from ploutos.apps.parts import Parts
from ploutos.apps.regimes import overlaid, shown
from ploutos.backtest.metrics import summary
from ploutos.env.market import Market
from ploutos.panel.panel import Panel
from ploutos.types import Fold, Policy, Window
from ploutos.types.checkpoints import Checkpoints
from ploutos.types.monitor import Monitor

if TYPE_CHECKING:
    from ploutos.agent.base import StackingAgent


@dataclass(frozen=True)
class Result:
    """What a finished run leaves besides its policy and track.

    `training` is what the agent told of its training: steps, and what its stopping rule found.
    `objective` is the annualised Sharpe ratio on the validation window, None where the split has none.
    """

    fold: dict[str, Any]
    seed: int
    rows: dict[str, list[int]]
    training: dict[str, float]
    metrics: dict[str, float]
    objective: float | None


class Listening(Monitor, Protocol):
    """A monitor that keeps what `outcome` was told."""

    @property
    def figures(self) -> dict[str, float]:
        """Return it; empty before the end."""
        ...


@dataclass(frozen=True)
class SeedRun:
    """One seed to train: who listens, and the folder of its results."""

    seed: int
    monitor: Listening
    folder: Path


def train(
    parts: Parts, panel: Panel, fold: Fold, runs: Sequence[SeedRun], checkpoints: Checkpoints
) -> list[Result]:
    """Fit one seed, or many together; save `policy/`, backtest into `test/`, write `result.json` of each."""
    rows = {name: getattr(fold, name).rows(panel.ts) for name in ("train", "validation", "test")}
    regime = parts.regime.fit(panel, rows["train"])
    market = shown(Market.of(panel), panel, regime)

    def finished(policy: Policy, run: SeedRun) -> Result:
        policy.save(run.folder / "policy")
        if regime is not None:
            regime.save(run.folder / "policy")
        policy = overlaid(policy, parts.environment.layout(market), regime)

        def figures(window: str) -> dict[str, float]:
            track = parts.backtest.single(policy, parts.environment, market, rows[window], fold=fold.index)
            if window == "test":
                track.save(run.folder / "test")
            named = summary(track, panel.sessions_per_year, panel.clock)
            return {f"{window}_{name}": value for name, value in named.items()}

        metrics = figures("test")
        objective = None
        if not _empty(fold.validation):
            metrics |= figures("validation")
            objective = metrics["validation_sharpe"]
        result = Result(
            fold=fold.as_dict(),
            seed=run.seed,
            rows={name: [r.start, r.stop] for name, r in rows.items()},
            training=run.monitor.figures,
            metrics=metrics,
            objective=objective,
        )
        (run.folder / "result.json").write_text(json.dumps(asdict(result), indent=2))
        return result

    policies = _fitted(parts, market, rows, runs, checkpoints)
    return [finished(policy, run) for policy, run in zip(policies, runs, strict=True)]


def _fitted(
    parts: Parts,
    market: Market,
    rows: dict[str, slice],
    runs: Sequence[SeedRun],
    checkpoints: Checkpoints,
) -> list[Policy]:
    """Return the policy of each seed."""
    place = (parts.environment, market, rows["train"])
    validation = rows["validation"]
    if len(runs) > 1:
        return cast("StackingAgent", parts.agent).fit_many(
            *place,
            validation=validation,
            seeds=[run.seed for run in runs],
            monitors=[run.monitor for run in runs],
            checkpoints=checkpoints,
        )
    (run,) = runs
    policy = parts.agent.fit(
        *place, validation=validation, seed=run.seed, monitor=run.monitor, checkpoints=checkpoints
    )
    return [policy]


def _empty(window: Window) -> bool:
    return window.start >= window.end
