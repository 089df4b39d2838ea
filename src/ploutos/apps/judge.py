"""Judges a study from what its children left in the store: the one road to a verdict."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from ploutos.apps.data_errors import DataErrors
from ploutos.apps.idle import never_traded
from ploutos.apps.judgements import CONFIG, placed
from ploutos.apps.outcome import (
    REPORT,
    Judged,
    record,
    record_incomplete,
    warnings_about,
    write_verdict,
)
from ploutos.apps.parts import Parts, build, resolved
from ploutos.apps.regimes import labels, overlaid, shown
from ploutos.backtest.metrics import Dates, equity_sha256, session_dates, yearly_sessions
from ploutos.backtest.replay import CouncilReplay
from ploutos.data.calendars.calendar import sessions_by_year
from ploutos.env.market import Market
from ploutos.panel.panel import Panel
from ploutos.regime.fitted_regime import FittedRegime, common, load_regime
from ploutos.tracking.mlflow import Store
from ploutos.tracking.run import Run
from ploutos.types import Child, Fold, Policy, Study, Track, Verdict
from ploutos.types.checkpoints import NO_CHECKPOINTS
from ploutos.types.monitor import Silent


@dataclass(frozen=True)
class Seated:
    """A fold's council, the regime that its members were trained with, and the market as they see it."""

    policy: Policy
    regime: FittedRegime | None
    market: Market


def councils(
    parts: Parts,
    panel: Panel,
    market: Market,
    store: Store,
    children: Sequence[Child],
    folds: Sequence[Fold],
) -> list[Seated]:
    """Return each fold's council of its seeds, in the order of seeds."""
    made = []
    for fold in folds:
        own = sorted((c for c in children if c.fold == fold.index), key=lambda child: child.seed)
        folders = [store.artifact(child.run_id or "", "policy") for child in own]
        regime = common([load_regime(folder) for folder in folders])
        seen = shown(market, panel, regime)
        members = [parts.agent.load(folder, parts.environment, seen) for folder in folders]
        layout = parts.environment.layout(seen)
        council = parts.ensemble(members, parts.environment.action, layout)
        made.append(Seated(overlaid(council, layout, regime), regime, seen))
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
    seats = councils(parts, panel, market, store, children, folds)
    voted, regimes = [seat.policy for seat in seats], [seat.regime for seat in seats]
    seen = [seat.market for seat in seats]
    track = parts.backtest.stitched(folds, voted, parts.environment, seen)

    def baseline(agent: Any) -> Track:
        policy = agent.fit(
            parts.environment,
            market,
            slice(0, 0),
            validation=slice(0, 0),
            seed=0,
            monitor=Silent(),
            checkpoints=NO_CHECKPOINTS,
        )
        return parts.backtest.stitched(folds, [policy] * len(folds), parts.environment, market)

    return Study(
        name=config.name,
        track=track,
        baselines={name: baseline(agent) for name, agent in parts.baselines.items()},
        folds=tuple(folds),
        children=tuple(children),
        sessions_per_year=panel.sessions_per_year,
        calendar_sessions=calendar_sessions(parts.source, panel, session_dates(track.bars, panel.clock)),
        clock=panel.clock,
        replay=CouncilReplay(
            panel=panel,
            features=parts.features,
            environment=parts.environment,
            folds=folds,
            councils=voted,
            capital=parts.backtest.capital,
            regimes=regimes,
        ),
        regimes=labels(folds, regimes, seen),
    )


def calendar_sessions(source: Any, panel: Panel, dates: Dates) -> dict[int, int]:
    """Return the sessions that the source's calendar has in each year of `dates`.

    Empty where a bar is longer than a session (its years are counted in bars) and for a user's own source
    without a calendar.
    """
    if not hasattr(source, "calendar") or panel.sessions_per_year != panel.clock.sessions_per_year:
        return {}
    years = yearly_sessions(dates)
    return sessions_by_year(source.calendar, min(years), max(years))


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
    """Judge, write `verdict.json`, tracks and report into `folder` and record the judgement.

    The run `home` keeps the first verdict that it gets (see `judgements`); an incomplete study has none yet.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts.hardware.apply()
    unfinished = [c for c in children if c.state != "FINISHED"]
    warnings = warnings_about(config, panel)
    home.tags(DataErrors.of(config, panel).tags())
    if unfinished:
        named = ", ".join(f"fold {c.fold} seed {c.seed} {c.state}" for c in unfinished)
        verdict = Verdict.of((), incomplete=f"{len(unfinished)} of {len(children)} runs missing ({named})")
        path = write_verdict(folder, config, panel, home, verdict, children, folds, None, warnings)
        record_incomplete(store, home, verdict, path)
        return Judged(verdict, None, path, None, warnings, None)

    study = assemble_study(config, parts, panel, store, children, folds)
    warnings += never_traded(study)
    suite = build(config.validation)
    rules = getattr(suite, "checks", {})
    judgement = placed(store, store.get(home.run_id), suite.judge(study), config.validation, rules)
    verdict = judgement.verdict
    settings = OmegaConf.to_yaml(OmegaConf.create(resolved(config)))
    (folder / CONFIG).write_text(settings)
    study.track.save(folder / "track")
    for name, track in study.baselines.items():
        track.save(folder / "baselines" / name)
    path = write_verdict(folder, config, panel, home, verdict, children, folds, study, warnings, judgement)
    report = folder / REPORT
    facts = {
        "panel": panel.hash[:16],
        "run": home.run_id,
        "sessions a year": f"{panel.sessions_per_year:.2f}, by the calendar",
        "equity sha256": equity_sha256(study.track)[:16],
    }
    build(config.report).write(study, verdict, report, settings=settings, facts=facts, warnings=warnings)
    record(store, home, judgement, study, config, folder)
    return Judged(verdict, study, path, report, warnings, judgement)
