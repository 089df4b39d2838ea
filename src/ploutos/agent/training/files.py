"""Checkpoints in a folder, one file a run."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from ploutos.types import NonNegativeFloat, PositiveFloat, checked

if TYPE_CHECKING:
    from ploutos.agent.training.checkpoint_file import CheckpointFile


class Files:
    """Finds the checkpoint of a run by its identity, wherever and by whom the run was started.

    Runs of one identity train the same thing bit for bit, so they may share a file, also at the same time.
    """

    @checked
    def __init__(self, *, folder: str, every_seconds: NonNegativeFloat, keep_days: PositiveFloat) -> None:
        self.folder = Path(folder).expanduser().absolute()
        self.every_seconds = every_seconds
        self.keep_days = keep_days

    def of(self, key: str) -> "CheckpointFile":
        """Return the checkpoint of the run `key`."""
        from ploutos.agent.training.checkpoint_file import CheckpointFile

        return CheckpointFile(self.path(key), key=key, every_seconds=self.every_seconds)

    def path(self, key: str) -> Path:
        """Return where the checkpoint of `key` lies if there is one."""
        return self.folder / f"{key}.pt"

    def discard(self, key: str) -> None:
        """Delete the checkpoint of `key`: its run is finished, or to be trained anew."""
        self.path(key).unlink(missing_ok=True)

    def prune(self) -> None:
        """Delete what no run has written for `keep_days`."""
        oldest = time.time() - self.keep_days * 86_400
        for path in self.folder.glob("*.pt*"):
            try:
                if path.stat().st_mtime < oldest:
                    path.unlink()
            except FileNotFoundError:  # another launch was faster
                continue
