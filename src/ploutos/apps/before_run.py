"""Does a command's checks before Hydra makes the folder of a run."""

import sys
from collections.abc import Callable
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from ploutos.apps.errors import explain


def _nothing(_: DictConfig) -> None:
    """Check nothing."""


# Set by the verb: Hydra builds its callbacks from config alone.
check: Callable[[DictConfig], None] = _nothing


class BeforeRun(Callback):
    """Runs `check` on the composed config; a refusal ends the command with nothing written."""

    def on_run_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Check, and leave where that fails (Hydra would turn an exception into a warning)."""
        try:
            check(config)
        except Exception as error:
            sys.exit(explain(error))
