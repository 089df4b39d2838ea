"""Hooks a study into Hydra's multirun: everything is prepared before the first job starts."""

import sys
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from ploutos.apps import study_state
from ploutos.apps.children import Place
from ploutos.apps.errors import explain


class StudyCallback(Callback):
    """Prepares the study in the launching process and hands its place to every job.

    Hydra pickles the callback to each job, under any launcher, so what jobs need travels as an attribute.
    """

    def __init__(self) -> None:
        self.place: Place | None = None

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Check, build, lock and open; any error ends the command here, before a job runs."""
        try:
            from ploutos.apps.before_run import ready_launcher, settle_imports
            from ploutos.apps.study_context import prepare

            settle_imports()
            ready_launcher(config)
            study_state.launched = prepare(config)
            self.place = study_state.launched.place
            study_state.on_launched(study_state.launched)
        except Exception as error:
            # Hydra would swallow the exception and launch the jobs all the same.
            sys.exit(explain(error))

    def on_job_start(self, config: DictConfig, **kwargs: Any) -> None:
        """Tell the job's process where it belongs."""
        study_state.place = self.place
