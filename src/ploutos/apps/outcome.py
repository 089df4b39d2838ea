"""What a judgement leaves behind: `verdict.json`, a record of its own, and once the study's verdict."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from ploutos.apps.children import KIND
from ploutos.apps.data_errors import DataErrors
from ploutos.apps.judgements import (
    ACCEPTED,
    CONFIG,
    DIFFERS,
    FIRST,
    JUDGED,
    JUDGED_AT,
    NAME,
    NUMBER,
    RECORD,
    VERDICT,
    VERDICT_FILE,
    Judgement,
    is_judged,
)
from ploutos.backtest.by_regime import by_regime
from ploutos.backtest.metrics import equity_sha256, session_returns, summary, yearly_returns
from ploutos.panel.panel import Panel
from ploutos.tracking.files import replace_file
from ploutos.tracking.flatten import flatten
from ploutos.tracking.mlflow import Store
from ploutos.tracking.run import Run
from ploutos.types import Child, Fold, Study, Track, Verdict

REPORT = "report.html"


@dataclass(frozen=True)
class Judged:
    """A verdict, what it was about, and the files that tell of it."""

    verdict: Verdict
    study: Study | None
    verdict_file: Path
    report_file: Path | None
    warnings: tuple[str, ...]
    judgement: Judgement | None  # None where the study is incomplete


def warnings_about(config: DictConfig, panel: Panel) -> tuple[str, ...]:
    """Return what a reader of the figures should know about the data, one line each, the worst first."""
    return DataErrors.of(config, panel).lines() + _silent_ends(panel)


def _silent_ends(panel: Panel) -> tuple[str, ...]:
    silent = panel.quality.get("panel", {}).get("silent_ends", [])
    if not silent:
        return ()
    named = ", ".join(silent[:6]) + (", ..." if len(silent) > 6 else "")
    return (
        f"{len(silent)} of {len(panel.tickers)} tickers stop before the data end, without a delisting"
        f" ({named}): a holding in them cannot be sold and keeps its last price",
    )


def figures(study: Study, track: Track) -> dict[str, Any]:
    """Return the figures of one track, with its return in each out-of-sample year."""
    named: dict[str, Any] = dict(summary(track, study.sessions_per_year, study.clock))
    by_year = yearly_returns(*session_returns(track.bars, study.clock))
    named["return_by_year_pct"] = {str(year): 100 * value for year, value in by_year.items()}
    return named


def write_verdict(
    folder: Path,
    config: DictConfig,
    panel: Panel,
    home: Run,
    verdict: Verdict,
    children: Sequence[Child],
    folds: Sequence[Fold],
    study: Study | None,
    warnings: tuple[str, ...],
    judgement: Judgement | None = None,
) -> Path:
    """Write `verdict.json` atomically and return its path."""
    told: dict[str, Any] = {"study": config.name, "run_id": home.run_id, **verdict.as_dict()}
    told["metrics"] = figures(study, study.track) if study else {}
    told["baselines"] = {n: figures(study, t) for n, t in study.baselines.items()} if study else {}
    if study is not None and study.regimes is not None:
        told["regimes"] = by_regime(study)
    told["children"] = [child.as_dict() for child in children]
    told["folds"] = [fold.as_dict() for fold in folds]
    told["equity_sha256"] = equity_sha256(study.track) if study else None
    told["panel"] = panel.hash
    told["warnings"] = list(warnings)
    told["data_errors"] = DataErrors.of(config, panel).as_dict()
    told["settings"] = judgement.asked.settings if judgement else {}
    told["first"] = judgement.first.as_dict() if judgement else None
    told["differs_from_first"] = judgement.differs.as_dict() if judgement else {}
    path = folder / VERDICT_FILE
    replace_file(path, json.dumps(told, indent=2, default=str).encode())
    return path


def record_incomplete(store: Store, home: Run, verdict: Verdict, verdict_file: Path) -> None:
    """Say in the run of a study that it has no verdict yet, and why; one that has one stays as it is."""
    if is_judged(store.get(home.run_id)):
        return
    home.artifacts(verdict_file)
    home.tags({ACCEPTED: False, VERDICT: verdict.reason})


def record(
    store: Store, home: Run, judgement: Judgement, study: Study, config: DictConfig, folder: Path
) -> None:
    """Log a judgement as a run of its own, and the first one also to the study's run, for good."""
    verdict = judgement.verdict
    checks = {f"check_{c.name}": c.value for c in verdict.checks if c.value is not None}
    values = summary(study.track, study.sessions_per_year, study.clock) | checks
    about = {ACCEPTED: verdict.accepted, VERDICT: verdict.reason}
    tags = about | {
        KIND: RECORD,
        JUDGED: home.run_id,
        NUMBER: judgement.number,
        DIFFERS: judgement.differs.told() or "nothing",
        NAME: config.name,
    }
    own = store.start(f"{config.name}: judgement {judgement.number}", tags)
    own.parameters(flatten({"validation": {"checks": judgement.asked.settings}}))
    own.metrics(values)
    own.artifacts(folder / VERDICT_FILE)
    own.artifacts(folder / CONFIG)
    if not judgement.is_first:
        own.linked(folder / REPORT)
    own.finish("FINISHED")
    if judgement.is_first:
        home.metrics(values)
        home.flush()
        for name in (CONFIG, VERDICT_FILE):
            home.artifacts(folder / name)
        home.linked(folder / REPORT)
        for name in ("track", "baselines"):
            if (folder / name).is_dir():  # a study may have no baseline
                home.artifacts(folder / name, name)
        # Last: from now on nothing of this run is written again.
        home.tags(about | {FIRST: own.run_id, JUDGED_AT: judgement.kept.judged_at})
