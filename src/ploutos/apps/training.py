"""The body of one training run: fit on the fold's training window, backtest on its test window."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from ploutos.apps.parts import Parts
from ploutos.apps.regimes import overlaid, shown
from ploutos.backtest.metrics import summary
from ploutos.env.market import Market
from ploutos.panel.panel import Panel
from ploutos.types import Fold, Window
from ploutos.types.checkpoints import Checkpoints
from ploutos.types.monitor import Monitor


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


def train(
    parts: Parts,
    panel: Panel,
    fold: Fold,
    seed: int,
    monitor: Listening,
    checkpoints: Checkpoints,
    folder: Path,
) -> Result:
    """Fit, save `policy/`, backtest into `test/`, and write `result.json` into `folder`."""
    rows = {name: getattr(fold, name).rows(panel.ts) for name in ("train", "validation", "test")}
    regime = parts.regime.fit(panel, rows["train"])
    market = shown(Market.of(panel), panel, regime)
    policy = parts.agent.fit(
        parts.environment,
        market,
        rows["train"],
        validation=rows["validation"],
        seed=seed,
        monitor=monitor,
        checkpoints=checkpoints,
    )
    policy.save(folder / "policy")
    if regime is not None:
        regime.save(folder / "policy")
    policy = overlaid(policy, parts.environment.layout(market), regime)

    def figures(window: str) -> dict[str, float]:
        track = parts.backtest.single(policy, parts.environment, market, rows[window], fold=fold.index)
        if window == "test":
            track.save(folder / "test")
        named = summary(track, panel.sessions_per_year, panel.clock)
        return {f"{window}_{name}": value for name, value in named.items()}

    metrics = figures("test")
    objective = None
    if not _empty(fold.validation):
        metrics |= figures("validation")
        objective = metrics["validation_sharpe"]
    result = Result(
        fold=fold.as_dict(),
        seed=seed,
        rows={name: [r.start, r.stop] for name, r in rows.items()},
        training=monitor.figures,
        metrics=metrics,
        objective=objective,
    )
    (folder / "result.json").write_text(json.dumps(asdict(result), indent=2))
    return result


def _empty(window: Window) -> bool:
    return window.start >= window.end
