"""What happens before Hydra makes the folder of a run: a command's checks, and what its end needs."""

import sys
from collections.abc import Callable
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from ploutos.apps.errors import explain
from ploutos.apps.interrupts import interrupts
from ploutos.apps.launch import Launch
from ploutos.apps.lengths import check_lengths
from ploutos.apps.run_folder import require_own_folder
from ploutos.apps.sweep import compose_job, expand, keep_deletions


def nothing(_: DictConfig) -> None:
    """Check nothing."""


# Set by the verb: Hydra builds its callbacks from config alone.
check: Callable[[DictConfig], None] = nothing
# The same for each job of a grid; what it prepares is thrown away, jobs prepare for themselves.
check_job: Callable[[DictConfig], object] = nothing

# Set here: what a signal finds under way. `launch` reaches jobs, under any launcher.
launch: Launch | None = None
launched: DictConfig | None = None


class BeforeRun(Callback):
    """Runs `check` on the composed config; a refusal ends the command with nothing written."""

    def __init__(self) -> None:
        self.launch: Launch | None = None

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Check, and leave where that fails (Hydra would turn an exception into a warning)."""
        try:
            self._begin(config)
            check(config)
        except Exception as error:
            sys.exit(explain(error))

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Check every job of a grid before the first one runs; other sweepers decide their jobs later."""
        try:
            self._begin(config)
            keep_deletions(config)
            if check_job is nothing:
                return
            ready_launcher(config)
            if config.hydra.sweeper._target_.endswith(".BasicSweeper"):
                for job in expand(config)[0]:
                    check_job(compose_job(config, job))
        except Exception as error:
            sys.exit(explain(error))

    def on_job_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Tell the job's process whose it is."""
        global launch
        launch = self.launch

    def _begin(self, config: DictConfig) -> None:
        global launch, launched
        settle_imports()
        launch = self.launch = Launch.here()
        launched = config
        check_lengths(config)
        require_own_folder(config)


def settle_imports() -> None:
    """Take the signals back from the libraries that put handlers of their own there."""
    import polars  # noqa: F401

    interrupts.again()


def ready_launcher(config: DictConfig) -> None:
    """Say which settings the chosen launcher does not have, and let its workers end with this process."""
    from ploutos.apps import workers
    from ploutos.apps.launcher import fit

    for line in fit(config):
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    workers.guard()


def over() -> None:
    """Forget the launch, and let workers go that wait for another job."""
    global launch, launched
    launch = launched = None
    workers = sys.modules.get("ploutos.apps.workers")
    if workers is not None:
        workers.stop()
