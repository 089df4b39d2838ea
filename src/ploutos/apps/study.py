"""`ploutos study`: folds x seeds of `train` as one multirun, then one verdict."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import hydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from ploutos.apps import before_run, study_state
from ploutos.apps.conf_dir import conf_dir
from ploutos.apps.errors import FAILURE, explain
from ploutos.apps.safety import resolvers
from ploutos.apps.safety.machinery import MACHINERY
from ploutos.types import ConfigError

if TYPE_CHECKING:
    from ploutos.apps.outcome import Judged
    from ploutos.apps.study_context import Launched


def job(config: DictConfig) -> float:
    """Train one child, or find it finished; a failed one is recorded and does not stop the others."""
    from ploutos.apps.children import ensure_child
    from ploutos.apps.parts import build
    from ploutos.apps.seed_group import ensure_group_child

    resolvers.restrict()  # a launcher may have started this process
    place = study_state.place
    if place is None:
        raise RuntimeError("a job that no study launched")
    if place.launch.controller.is_gone():  # a worker that outlived its study; another launch may be under way
        raise RuntimeError("the study that launched this job has ended")
    config = OmegaConf.create(place.settings | {"fold": config.fold, "seed": config.seed})
    folder = Path(HydraConfig.get().runtime.output_dir)
    tracking, environment = build(config.tracking), build(config.hardware).environment()
    store = tracking.open()
    if place.together is None:
        child = ensure_child(config, store, place, folder, environment)
    else:
        locks = tracking.folder / "locks"
        child = ensure_group_child(config, store, place, folder, environment, locks=locks)
    return (child.metrics or {}).get("validation_sharpe", float("nan"))


def refuse_single(_: DictConfig) -> None:
    """Refuse `hydra.mode=RUN`, before Hydra writes anything."""
    raise ConfigError("hydra.mode: a study is a multirun; for a single run use ploutos train")


@hydra.main(config_path=str(conf_dir()), config_name="study", execution_whitelist=MACHINERY)
def entry(config: DictConfig) -> float:
    """Run one job of the multirun (module level: launchers pickle it by name)."""
    return job(config)


def conclude(launched: "Launched", folder: Path) -> "Judged":
    """Judge what the multirun left; children that are not there count as MISSING."""
    from ploutos.apps.children import children_of
    from ploutos.apps.judge import judge
    from ploutos.apps.parts import build_parts, stored_panel

    place, store = launched.place, launched.store
    parts = build_parts(launched.config)
    panel = stored_panel(parts, place.panel)
    children = children_of(store, place.parent or "", launched.jobs, launched.keys)
    folds = parts.split.folds(panel.ts, warmup_bars=parts.features.warmup_bars)
    wanted = [folds[index] for index in sorted({fold for fold, _ in launched.jobs})]
    return judge(launched.config, parts, panel, store, launched.parent, children, wanted, folder)


def main() -> int:
    """Launch the multirun, then judge it; errors end in one line and an exit code."""
    from ploutos.apps.study_end import REMEDY, Ending, interrupted

    ending = Ending()
    study_state.on_launched = ending.begin
    before_run.check = refuse_single
    before_run.check_job = before_run.nothing  # the study's own callback checks its jobs
    error: BaseException | None = None
    try:
        entry()
    except KeyboardInterrupt as interrupt:
        error = interrupt
    except SystemExit as leave:
        if study_state.launched is None:
            return leave.code if isinstance(leave.code, int) else FAILURE
        error = leave
    except Exception as failure:
        error = failure
    finally:
        before_run.over()
    launched = study_state.launched
    if launched is None:
        if isinstance(error, KeyboardInterrupt):
            return interrupted(REMEDY)
        return explain(error) if error else 0
    with launched.held:
        return ending.finish(launched, error, conclude)


if __name__ == "__main__":
    sys.exit(main())
