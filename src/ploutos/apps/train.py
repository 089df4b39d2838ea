"""`ploutos train`: one run, one fold, one seed, from data to verdict."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from ploutos.apps import before_run
from ploutos.apps.command import command

if TYPE_CHECKING:
    from ploutos.apps.parts import Parts
    from ploutos.panel.panel import Panel
    from ploutos.tracking.mlflow import Store
    from ploutos.types import Fold


@dataclass(frozen=True)
class Prepared:
    """What a run needs, checked."""

    parts: "Parts"
    panel: "Panel"
    folds: "tuple[Fold, ...]"
    store: "Store"
    foreseen: list[str]  # why gates cannot pass, whatever is trained


def prepare(config: DictConfig) -> Prepared:
    """Check everything, open the panel or build it, and open the store."""
    from ploutos.apps.foresight import foresee
    from ploutos.apps.parts import build, build_parts, check_parts, open_panel
    from ploutos.apps.preflight import check_folders, check_values
    from ploutos.env.market import Market
    from ploutos.tracking.orphans import settle
    from ploutos.types import ConfigError

    check_values(config)
    check_folders(config)
    if config.stack_seeds:
        raise ConfigError("stack_seeds: true: a single run has one seed; use false, or ploutos study")
    parts = build_parts(config)
    suite = build(config.validation)
    build(config.report)
    tracking = build(config.tracking)
    panel = open_panel(parts)
    folds = check_parts(parts, Market.of(panel), panel, [config.fold])
    foreseen = foresee(config, suite, parts, panel, folds)
    store = tracking.open()
    settle(store)
    return Prepared(parts, panel, folds, store, foreseen)


def run(config: DictConfig, prepared: Prepared) -> float:
    """Train, judge and return the objective: the Sharpe ratio on the validation window, NaN without one."""
    from rich.console import Console

    from ploutos.apps.children import Place, ensure_child
    from ploutos.apps.closing import close, judging, tell
    from ploutos.apps.data_errors import DataErrors
    from ploutos.apps.judge import judge
    from ploutos.apps.label import label
    from ploutos.apps.launch import Launch
    from ploutos.apps.parts import build, resolved
    from ploutos.apps.progress import StudyProgress
    from ploutos.apps.study_context import ended_by
    from ploutos.panel.sources import source_hash
    from ploutos.tracking.identity import RESULT_PACKAGES
    from ploutos.types import PloutosError

    console = Console()
    folder = Path(HydraConfig.get().runtime.output_dir)
    parts, panel, store = prepared.parts, prepared.panel, prepared.store
    launch = before_run.launch or Launch.here()
    place = Place(
        parent=None,
        study=config.name,
        title=label(config.name, HydraConfig.get().overrides.task),
        panel=panel.hash,
        sources=source_hash(RESULT_PACKAGES),
        settings=resolved(config),
        launch=launch,
        resume=bool(config.resume),
    )
    tell(console, DataErrors.of(config, panel).lines())
    build(config.checkpoints).prune()
    tell(console, prepared.foreseen)
    progress = StudyProgress(console, folder, 1)
    progress.start()
    try:
        child = ensure_child(config, store, place, folder / "job", parts.hardware.environment())
    finally:
        progress.stop()
    if child.state != "FINISHED":
        raise PloutosError(f"training ended {child.state}: {child.reason}; see {folder / 'job' / 'job.log'}")
    home = store.resume(child.run_id or "", launch.controller)
    try:
        with judging(console):
            judged = judge(config, parts, panel, store, home, [child], prepared.folds, folder)
    except BaseException as error:
        state, reason = ended_by(error)
        home.close(state, f"{reason}, while it was judged")
        raise
    home.finish("FINISHED")
    close(console, judged, config)
    return (child.metrics or {}).get("validation_sharpe", float("nan"))


def main() -> int:
    """Compose and run; errors end in one line and an exit code."""
    remedy = "the same command goes on where training was saved last"
    return command("train", prepare, run, remedy=remedy, settle=settle_launch)


def settle_launch() -> None:
    """After a signal: close the runs of this launch, those that were under way in workers as well."""
    from ploutos.apps.interrupts import interrupts, say
    from ploutos.apps.launch import settle

    problem = settle(before_run.launched, before_run.launch, interrupts.reason())
    if problem:
        say(f"not recorded, the next launch does it: {problem}")
