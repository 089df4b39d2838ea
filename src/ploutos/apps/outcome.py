"""What a judgement leaves behind: `verdict.json`, and the record in the study's own run."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from ploutos.apps.data_errors import DataErrors
from ploutos.backtest.by_regime import by_regime
from ploutos.backtest.metrics import equity_sha256, session_returns, summary, yearly_returns
from ploutos.panel.panel import Panel
from ploutos.tracking.files import replace_file
from ploutos.tracking.run import Run
from ploutos.types import Child, Fold, Study, Track, Verdict


@dataclass(frozen=True)
class Judged:
    """A verdict, what it was about, and the files that tell of it."""

    verdict: Verdict
    study: Study | None
    verdict_file: Path
    report_file: Path | None
    warnings: tuple[str, ...]


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
    path = folder / "verdict.json"
    replace_file(path, json.dumps(told, indent=2, default=str).encode())
    return path


def record(
    home: Run, verdict: Verdict, study: Study | None, folder: Path, verdict_file: Path, report: Path | None
) -> None:
    """Log verdict, figures, tracks and report to the run."""
    home.tags({"ploutos.accepted": verdict.accepted, "ploutos.verdict": verdict.reason})
    if study is not None and report is not None:
        flat = summary(study.track, study.sessions_per_year, study.clock)
        checks = {f"check_{c.name}": c.value for c in verdict.checks if c.value is not None}
        home.metrics(flat | checks)
        home.flush()
        home.artifacts(folder / "config.yaml")
        home.artifacts(folder / "track", "track")
        home.artifacts(folder / "baselines", "baselines")
        home.linked(report)
    home.artifacts(verdict_file)
