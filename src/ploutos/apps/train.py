"""`ploutos train`: one run, one fold, one seed, from data to verdict."""

import sys
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from ploutos.apps.conf_dir import conf_dir
from ploutos.apps.errors import explain
from ploutos.apps.whitelist import TRUSTED


def run(config: DictConfig) -> float:
    """Train, judge and return the objective: the Sharpe ratio on the validation window, NaN without one."""
    from rich.console import Console

    from ploutos.apps.children import Place, ensure_child
    from ploutos.apps.closing import close
    from ploutos.apps.guard import Controller
    from ploutos.apps.judge import judge
    from ploutos.apps.parts import build, build_parts, check_parts, open_panel
    from ploutos.apps.progress import StudyProgress
    from ploutos.env.market import Market
    from ploutos.panel.sources import source_hash
    from ploutos.tracking.identity import RESULT_PACKAGES
    from ploutos.types import PloutosError

    console = Console()
    folder = Path(HydraConfig.get().runtime.output_dir)
    parts = build_parts(config)
    build(config.validation)
    build(config.report)
    panel = open_panel(parts)
    folds = check_parts(parts, Market.of(panel), panel, [config.fold])
    store = build(config.tracking).open()
    place = Place(
        parent=None,
        study=config.name,
        panel=panel.hash,
        sources=source_hash(RESULT_PACKAGES),
        controller=Controller.here(),
        resume=False,
    )
    progress = StudyProgress(console, folder, 1)
    progress.start()
    try:
        child = ensure_child(config, store, place, folder / "job", parts.hardware.environment())
    finally:
        progress.stop()
    if child.state != "FINISHED":
        raise PloutosError(f"training ended {child.state}: {child.reason}; see {folder / 'job' / 'job.log'}")
    home = store.resume(child.run_id or "")
    judged = judge(config, parts, panel, store, home, [child], folds, folder)
    home.finish("FINISHED")
    close(console, judged, config)
    return (child.metrics or {}).get("validation_sharpe", float("nan"))


def main() -> int:
    """Compose and run; errors end in one line and an exit code."""

    @hydra.main(config_path=str(conf_dir()), config_name="train", execution_whitelist=TRUSTED)
    def entry(config: DictConfig) -> float:
        return run(config)

    try:
        entry()
    except KeyboardInterrupt:
        sys.stderr.write("ploutos: interrupted\n")
        return 130
    except Exception as error:
        return explain(error)
    return 0
