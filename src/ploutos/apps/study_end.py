"""From the end of a multirun to an exit code: progress closed, orphans settled, verdict told."""

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from ploutos.apps.closing import tell
from ploutos.apps.errors import FAILURE, describe, explain
from ploutos.apps.interrupts import interrupts, say
from ploutos.apps.progress import StudyProgress
from ploutos.tracking.waiting import StoreBusy, StoreFull

if TYPE_CHECKING:
    from ploutos.apps.outcome import Judged
    from ploutos.apps.study_context import Launched

REMEDY = "the same command again trains what is missing"


def interrupted(remedy: str = "") -> int:
    """Say that a signal ended the command; return the exit code."""
    interrupts.note(signal.SIGINT)  # where a library raised the interrupt by itself
    say(interrupts.reason() + (f"; {remedy}" if remedy else ""))
    return interrupts.code


class Ending:
    """Accompanies one study in the process that launched it."""

    def __init__(self) -> None:
        self.console = Console()
        self.progress: StudyProgress | None = None
        self.folder = Path()
        self.judged = False  # the verdict stands in the parent run

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
        tell(self.console, launched.foreseen)
        self.progress = StudyProgress(self.console, self.folder, len(launched.jobs))
        self.progress.start()

    def finish(
        self,
        launched: "Launched",
        error: BaseException | None,
        conclude: "Callable[[Launched, Path], Judged]",
    ) -> int:
        """Judge and close the parent run; return the exit code."""
        try:
            self._stop_progress()
            if interrupts.received or isinstance(error, KeyboardInterrupt):
                return self._interrupted(launched, REMEDY)
            if isinstance(error, StoreBusy | StoreFull):
                return self._failed(launched, error)
            return self._judge(launched, error, conclude)
        except KeyboardInterrupt:
            self._stop_progress()
            return self._interrupted(launched, "the same command again judges")
        except Exception as failure:
            return self._failed(launched, failure)

    def _judge(
        self,
        launched: "Launched",
        error: BaseException | None,
        conclude: "Callable[[Launched, Path], Judged]",
    ) -> int:
        from ploutos.apps.closing import announce, close, judging
        from ploutos.apps.study_context import INTERRUPTED, settle_children

        settle_children(launched.store, launched.parent.run_id, INTERRUPTED)
        announce(self.console, launched.differs)
        with judging(self.console):
            judged = conclude(launched, self.folder)
        complete = judged.study is not None
        launched.parent.finish("FINISHED" if complete else "FAILED", judged.verdict.reason)
        self.judged = True
        close(self.console, judged, launched.config)
        if error is not None:
            sys.stderr.write(f"ploutos: the launcher failed: {describe(error)[0]}\n")
        return 0 if complete else FAILURE

    def _interrupted(self, launched: "Launched", remedy: str) -> int:
        """Record what a signal ended, as far as that is possible within seconds."""
        code = interrupted("the study had been judged" if self.judged else remedy)
        if not self.judged:
            self._close(launched, "KILLED", interrupts.reason())
        return code

    def _failed(self, launched: "Launched", failure: BaseException) -> int:
        if not self.judged:
            waited = isinstance(failure, StoreBusy | StoreFull)
            self._close(launched, "FAILED", describe(failure)[0], at_once=waited)
        explain(failure)
        return FAILURE

    def _close(self, launched: "Launched", state: str, reason: str, *, at_once: bool = False) -> None:
        """End the parent run and children under way; what cannot be written, the next launch writes."""
        from ploutos.apps.study_context import settle_children

        with launched.store.client.patience.of(0.0 if at_once else float("inf")):
            problem = launched.parent.close(state, reason)
            if problem is None:
                try:
                    settle_children(launched.store, launched.parent.run_id, reason)
                except Exception as error:
                    problem = describe(error)[0]
        if problem and state == "KILLED":
            say(f"not recorded, the next launch does it: {problem}")

    def _stop_progress(self) -> None:
        progress, self.progress = self.progress, None
        if progress:
            progress.stop()
