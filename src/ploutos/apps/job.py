"""Training runs in a process of their own: `python -m ploutos.apps.job FOLDER` (see `guard`)."""

import json
import sys
import traceback
from pathlib import Path

from ploutos.apps.parent import die_with_parent, follow, leave_the_terminal


def work(folder: Path) -> None:
    """Run the job described by `job.json` and `config.yaml` in `folder`."""
    from omegaconf import DictConfig

    from ploutos.apps.safety import plain_yaml, resolvers
    from ploutos.apps.safety.components import check_all

    job = json.loads((folder / "job.json").read_text())
    resolvers.restrict()
    config = plain_yaml.load(folder / "config.yaml", called=f"{folder}/config.yaml")
    assert isinstance(config, DictConfig)
    check_all(config)

    from ploutos.apps.job_monitor import JobMonitor, WithCurves, told
    from ploutos.apps.parts import build, build_parts, stored_panel
    from ploutos.apps.training import SeedRun, train
    from ploutos.panel.sources import source_hash
    from ploutos.tracking.identity import RESULT_PACKAGES
    from ploutos.tracking.run import Run
    from ploutos.types import ConfigError

    if source_hash(RESULT_PACKAGES) != job["sources"]:
        raise ConfigError("the code changed after the launch; launch again")
    parts = build_parts(config)
    parts.hardware.apply()
    panel = stored_panel(parts, job["panel"])
    folds = parts.split.folds(panel.ts, warmup_bars=parts.features.warmup_bars)
    client = build(config.tracking).client()
    runs = [Run(client, it["run_id"]) for it in job["runs"]]
    fold = folds[config.fold]
    about = {}
    for name in ("train", "validation", "test"):
        window = getattr(fold, name)
        about[f"ploutos.window.{name}"] = f"{window.start.isoformat()} {window.end.isoformat()}"
    threads = parts.hardware.in_force()
    about["ploutos.threads"] = ", ".join(f"{name} {count}" for name, count in threads.items())
    for run in runs:
        run.tags(about)
    folders = [Path(it["folder"]) for it in job["runs"]]
    monitors = [JobMonitor(home, run) for home, run in zip(folders, runs, strict=True)]
    trained = zip(job["runs"], monitors, folders, strict=True)
    seeds = [SeedRun(it["seed"], monitor, home) for it, monitor, home in trained]
    checkpoints = WithCurves(build(config.checkpoints).of(job["key"]), monitors)
    results = train(parts, panel, fold, seeds, checkpoints)
    for run, home, result in zip(runs, folders, results, strict=True):
        run.metrics(result.metrics | {f"training_{name}": value for name, value in result.training.items()})
        run.tags({"ploutos.training": told(result.training)})
        run.flush()
        for name in ("policy", "test"):
            run.artifacts(home / name, name)
        run.artifacts(home / "result.json")


def main() -> int:
    """Run one job; the reason of a failure goes to `reason.txt`."""
    # Before anything that takes long to import.
    leave_the_terminal()  # the guard decides what becomes of this job
    die_with_parent()
    follow(int(sys.argv[2]))
    from ploutos.apps.memory import shortage
    from ploutos.types import ConfigError

    folder = Path(sys.argv[1])
    try:
        work(folder)
    except Exception as error:
        traceback.print_exc()
        first = str(error).strip().splitlines()[0] if str(error).strip() else ""
        (folder / "reason.txt").write_text(shortage(error) or f"{type(error).__name__}: {first}")
        return 2 if isinstance(error, ConfigError) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
