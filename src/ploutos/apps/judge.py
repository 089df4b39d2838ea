"""Judges a study from what its children left in the store: the one road to a verdict."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from ploutos.apps.parts import Parts, build, resolved
from ploutos.backtest.metrics import equity_sha256, session_returns, summary, yearly_returns
from ploutos.backtest.replay import CouncilReplay
from ploutos.env.market import Market
from ploutos.panel.panel import Panel
from ploutos.tracking.mlflow import Store
from ploutos.tracking.run import Run
from ploutos.types import Child, Fold, Policy, Study, Track, Verdict
from ploutos.types.monitor import Silent


@dataclass(frozen=True)
class Judged:
    """A verdict, what it was about, and the files that tell of it."""

    verdict: Verdict
    study: Study | None
    verdict_file: Path
    report_file: Path | None


def councils(
    parts: Parts, market: Market, store: Store, children: Sequence[Child], folds: Sequence[Fold]
) -> list[Policy]:
    """Return each fold's council of its seeds, in the order of seeds."""
    layout = parts.environment.layout(market)
    made = []
    for fold in folds:
        own = sorted((c for c in children if c.fold == fold.index), key=lambda child: child.seed)
        members = [
            parts.agent.load(store.artifact(child.run_id or "", "policy"), parts.environment, market)
            for child in own
        ]
        made.append(parts.ensemble(members, parts.environment.action, layout))
    return made


def assemble_study(
    config: DictConfig,
    parts: Parts,
    panel: Panel,
    store: Store,
    children: Sequence[Child],
    folds: Sequence[Fold],
) -> Study:
    """Backtest the councils and the baselines out of sample."""
    market = Market.of(panel)
    voted = councils(parts, market, store, children, folds)
    track = parts.backtest.stitched(folds, voted, parts.environment, market)

    def baseline(agent: Any) -> Track:
        policy = agent.fit(parts.environment, market, slice(0, 0), seed=0, monitor=Silent())
        return parts.backtest.stitched(folds, [policy] * len(folds), parts.environment, market)

    return Study(
        name=config.name,
        track=track,
        baselines={name: baseline(agent) for name, agent in parts.baselines.items()},
        folds=tuple(folds),
        children=tuple(children),
        sessions_per_year=panel.sessions_per_year,
        session_timezone=panel.session_timezone,
        replay=CouncilReplay(
            panel=panel,
            features=parts.features,
            environment=parts.environment,
            folds=folds,
            councils=voted,
            capital=parts.backtest.capital,
        ),
    )


def judge(
    config: DictConfig,
    parts: Parts,
    panel: Panel,
    store: Store,
    home: Run,
    children: Sequence[Child],
    folds: Sequence[Fold],
    folder: Path,
) -> Judged:
    """Judge, write `verdict.json`, tracks and report into `folder` and log them to the run `home`."""
    folder.mkdir(parents=True, exist_ok=True)
    parts.hardware.apply()
    unfinished = [c for c in children if c.state != "FINISHED"]
    if unfinished:
        named = ", ".join(f"fold {c.fold} seed {c.seed} {c.state}" for c in unfinished)
        verdict = Verdict.of((), incomplete=f"{len(unfinished)} of {len(children)} runs missing ({named})")
        path = write_verdict(folder, config, panel, home, verdict, children, folds, None)
        record(home, verdict, None, folder, path, None)
        return Judged(verdict, None, path, None)

    study = assemble_study(config, parts, panel, store, children, folds)
    verdict = build(config.validation).judge(study)
    settings = OmegaConf.to_yaml(OmegaConf.create(resolved(config)))
    (folder / "config.yaml").write_text(settings)
    study.track.save(folder / "track")
    for name, track in study.baselines.items():
        track.save(folder / "baselines" / name)
    path = write_verdict(folder, config, panel, home, verdict, children, folds, study)
    report = folder / "report.html"
    facts = {
        "panel": panel.hash[:16],
        "run": home.run_id,
        "equity sha256": equity_sha256(study.track)[:16],
    }
    build(config.report).write(study, verdict, report, settings=settings, facts=facts)
    record(home, verdict, study, folder, path, report)
    return Judged(verdict, study, path, report)


def figures(study: Study, track: Track) -> dict[str, Any]:
    """Return the figures of one track, with its return in each out-of-sample year."""
    named: dict[str, Any] = dict(summary(track, study.sessions_per_year, study.session_timezone))
    by_year = yearly_returns(*session_returns(track.bars, study.session_timezone))
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
) -> Path:
    """Write `verdict.json` atomically and return its path."""
    told: dict[str, Any] = {"study": config.name, "run_id": home.run_id, **verdict.as_dict()}
    told["metrics"] = figures(study, study.track) if study else {}
    told["baselines"] = {n: figures(study, t) for n, t in study.baselines.items()} if study else {}
    told["children"] = [child.as_dict() for child in children]
    told["folds"] = [fold.as_dict() for fold in folds]
    told["equity_sha256"] = equity_sha256(study.track) if study else None
    told["panel"] = panel.hash
    path = folder / "verdict.json"
    partial = path.with_suffix(".tmp")
    partial.write_text(json.dumps(told, indent=2, default=str))
    partial.replace(path)
    return path


def record(
    home: Run, verdict: Verdict, study: Study | None, folder: Path, verdict_file: Path, report: Path | None
) -> None:
    """Log verdict, figures, tracks and report to the run."""
    home.tags({"ploutos.accepted": verdict.accepted, "ploutos.verdict": verdict.reason})
    if study is not None and report is not None:
        flat = summary(study.track, study.sessions_per_year, study.session_timezone)
        checks = {f"check_{c.name}": c.value for c in verdict.checks if c.value is not None}
        home.metrics(flat | checks)
        home.flush()
        home.artifacts(folder / "config.yaml")
        home.artifacts(folder / "track", "track")
        home.artifacts(folder / "baselines", "baselines")
        home.artifacts(report)
    home.artifacts(verdict_file)
