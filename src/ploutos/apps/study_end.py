"""From the end of a multirun to an exit code: progress closed, orphans settled, verdict told."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from ploutos.apps.closing import tell
from ploutos.apps.errors import FAILURE, describe, explain
from ploutos.apps.progress import StudyProgress

if TYPE_CHECKING:
    from ploutos.apps.outcome import Judged
    from ploutos.apps.study_context import Launched

INTERRUPTED = 130


class Ending:
    """Accompanies one study in the process that launched it."""

    def __init__(self) -> None:
        self.console = Console()
        self.progress: StudyProgress | None = None
        self.folder = Path()

    def begin(self, launched: "Launched") -> None:
        """Show progress from now on; called once the study is prepared."""
        self.folder = launched.folder
        folds, seeds = (len({pair[k] for pair in launched.jobs}) for k in (0, 1))
        self.console.print(
            f"study {launched.config.name}: {folds} folds x {seeds} seeds = {len(launched.jobs)} runs",
            highlight=False,
            markup=False,
        )
        tell(self.console, launched.data_errors)
        self.progress = StudyProgress(self.console, self.folder, len(launched.jobs))
        self.progress.start()

    def finish(
        self,
        launched: "Launched",
        error: BaseException | None,
        conclude: "Callable[[Launched, Path], Judged]",
    ) -> int:
        """Judge and close the parent run; return the exit code."""
        from ploutos.apps.closing import close, judging
        from ploutos.apps.study_context import settle_orphans

        if self.progress:
            self.progress.stop()
        try:
            settle_orphans(launched.store, launched.parent.run_id)
            if isinstance(error, KeyboardInterrupt):
                launched.parent.finish("KILLED", "interrupted")
                sys.stderr.write("ploutos: interrupted; the same command again trains what is missing\n")
                return INTERRUPTED
            with judging(self.console):
                judged = conclude(launched, self.folder)
            complete = judged.study is not None
            launched.parent.finish("FINISHED" if complete else "FAILED", judged.verdict.reason)
            close(self.console, judged, launched.config)
            if error is not None:
                sys.stderr.write(f"ploutos: the launcher failed: {describe(error)[0]}\n")
            return 0 if complete else FAILURE
        except KeyboardInterrupt:
            launched.parent.finish("KILLED", "interrupted while judging")
            sys.stderr.write("ploutos: interrupted; the same command again judges\n")
            return INTERRUPTED
        except Exception as failure:
            launched.parent.finish("FAILED", describe(failure)[0])
            explain(failure)
            return FAILURE
