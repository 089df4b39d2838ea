"""`ploutos validate`: judge a recorded study again, with the function that judged it first."""

import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from ploutos.apps.command import command
from ploutos.apps.errors import FAILURE

if TYPE_CHECKING:
    from ploutos.apps.parts import Parts
    from ploutos.apps.recorded import Recorded
    from ploutos.panel.panel import Panel
    from ploutos.tracking.mlflow import Store
    from ploutos.types import Fold


@dataclass(frozen=True)
class Prepared:
    """A recorded study, opened; `held` keeps others from launching it meanwhile."""

    store: "Store"
    recorded: "Recorded"
    parts: "Parts"
    panel: "Panel"
    folds: "tuple[Fold, ...]"
    held: ExitStack


def prepare(config: DictConfig) -> Prepared:
    """Find the study, check the config it left (anyone may have changed it) and open its panel."""
    from ploutos.apps.foresight import foresee
    from ploutos.apps.parts import build
    from ploutos.apps.preflight import check_folders, check_values
    from ploutos.apps.recorded import find, read, reopen
    from ploutos.tracking.lock import file_lock
    from ploutos.tracking.orphans import settle

    check_values(config)
    check_folders(config)
    suite = build(config.validation)
    build(config.report)
    tracking = build(config.tracking)
    store = tracking.open_existing()
    settle(store)
    recorded = read(store, find(store, str(config.study)))
    held = ExitStack()
    lock = tracking.folder / "locks" / f"{recorded.identity or recorded.run_id}.lock"
    held.enter_context(file_lock(lock, wait=False, what=f"study {config.study}"))
    parts, panel, folds = reopen(recorded)
    foresee(config, suite, parts, panel, folds)  # what cannot be met by these windows is told by the checks
    return Prepared(store, recorded, parts, panel, folds, held)


def run(config: DictConfig, prepared: Prepared) -> float:
    """Judge, record the judgement and return 1.0 for accepted, 0.0 for rejected."""
    from omegaconf import OmegaConf
    from rich.console import Console

    from ploutos.apps.closing import announce, close, judging
    from ploutos.apps.judge import judge
    from ploutos.apps.judgements import difference
    from ploutos.apps.parts import build
    from ploutos.tracking.run import Run

    store, recorded = prepared.store, prepared.recorded
    chosen = {key: config[key] for key in ("validation", "report", "tracking")}
    judged_config = OmegaConf.create(
        {**{str(key): recorded.config[key] for key in recorded.config}, **chosen}
    )
    home = Run(store.client, recorded.run_id)
    folder = Path(HydraConfig.get().runtime.output_dir)
    console = Console()
    rules = getattr(build(config.validation), "checks", {})
    announce(console, difference(store, store.get(recorded.run_id), config.validation, rules))
    with prepared.held, judging(console):
        judged = judge(
            judged_config,
            prepared.parts,
            prepared.panel,
            store,
            home,
            recorded.children,
            prepared.folds,
            folder,
        )
        if judged.judgement is not None and judged.judgement.is_first:
            home.finish("FINISHED", judged.verdict.reason)
    close(console, judged, judged_config)
    if judged.study is None:
        sys.exit(FAILURE)
    return float(judged.verdict.accepted)


def main() -> int:
    """Compose and judge."""
    return command("validate", prepare, run)
