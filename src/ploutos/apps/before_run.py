"""Does a command's checks before Hydra makes the folder of a run."""

import sys
from collections.abc import Callable
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from ploutos.apps.errors import explain
from ploutos.apps.lengths import check_lengths
from ploutos.apps.run_folder import require_own_folder
from ploutos.apps.sweep import compose_job, expand


def nothing(_: DictConfig) -> None:
    """Check nothing."""


# Set by the verb: Hydra builds its callbacks from config alone.
check: Callable[[DictConfig], None] = nothing
# The same for each job of a grid; what it prepares is thrown away, jobs prepare for themselves.
check_job: Callable[[DictConfig], object] = nothing


class BeforeRun(Callback):
    """Runs `check` on the composed config; a refusal ends the command with nothing written."""

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Check, and leave where that fails (Hydra would turn an exception into a warning)."""
        try:
            check_lengths(config)
            require_own_folder(config)
            check(config)
        except Exception as error:
            sys.exit(explain(error))

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Check every job of a grid before the first one runs; other sweepers decide their jobs later."""
        try:
            check_lengths(config)
            require_own_folder(config)
        except Exception as error:
            sys.exit(explain(error))
        if check_job is nothing or not config.hydra.sweeper._target_.endswith(".BasicSweeper"):
            return
        try:
            for job in expand(config)[0]:
                check_job(compose_job(config, job))
        except Exception as error:
            sys.exit(explain(error))
