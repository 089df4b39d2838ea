"""Checkpoints in a folder, one file a run."""

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ploutos.tracking.files import head
from ploutos.types import NonNegativeFloat, PositiveFloat, checked

if TYPE_CHECKING:
    from ploutos.agent.training.checkpoint_file import CheckpointFile

NAME = re.compile(r"([0-9a-f]{32})\.pt(\.[0-9a-f]+\.tmp)?")  # of a checkpoint, and of one half written
LONGEST_HEAD = 4096


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
        """Delete the checkpoint of `key`: its run is finished, or to be trained anew. Only if it is one."""
        path = self.path(key)
        if belongs_to(path) == key:
            path.unlink(missing_ok=True)

    def prune(self) -> None:
        """Delete the checkpoints, and what killed writers left, that no run has written for `keep_days`.

        What is not named as Ploutos names them, or does not begin as they begin, is somebody else's.
        """
        oldest = time.time() - self.keep_days * 86_400
        for path in self.folder.glob("*.pt*"):
            named = NAME.fullmatch(path.name)
            try:
                if named and path.lstat().st_mtime < oldest and belongs_to(path) == named.group(1):
                    path.unlink()
            except FileNotFoundError:  # another launch was faster
                continue


def belongs_to(path: Path) -> str | None:
    """Return the key in the head of a checkpoint; None for anything else, links and folders included."""
    line, newline, _ = head(path, LONGEST_HEAD).partition(b"\n")
    try:
        told = json.loads(line) if newline else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or set(told) != {"format", "key", "sha256"}:
        return None
    return told["key"] if isinstance(told["key"], str) else None
