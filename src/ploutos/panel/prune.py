"""Removes panels that nobody uses and what killed builds left; never what is not ours or in use."""

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from ploutos.panel import removal
from ploutos.panel.holding import in_use
from ploutos.panel.shelf import Foreign, Leftover, Stored, contents, in_trash, stored
from ploutos.tracking.lock import Busy, file_lock


@dataclass(frozen=True)
class Pruned:
    """What became of a folder of panels.

    Attributes
    ----------
    removed : panels.
    cleared : what killed builds and removals had left.
    kept : panels that might have gone, and builds, with the reason why they were left.
    foreign : what is not ours, left as it is.
    """

    removed: list[Stored] = field(default_factory=list)
    cleared: list[Leftover] = field(default_factory=list)
    kept: list[tuple[Stored | Leftover, str]] = field(default_factory=list)
    foreign: list[Foreign] = field(default_factory=list)


def prune(folder: Path, unused_days: float) -> Pruned:
    """Remove the panels that no command opened for `unused_days`, and damaged ones; tell of everything.

    A panel that a process has mapped stays, so does what is being built.

    Raises
    ------
    ConfigError
        The folder has no marker of ours, or cannot be written.
    """
    told = Pruned()
    if not os.path.lexists(folder):
        return told
    removal.require_mark(folder)
    found = contents(folder)
    told.foreign.extend(found.foreign)
    told.cleared.extend(in_trash(folder))
    removal.empty_trash(folder)
    for leftover in found.unfinished:
        if leftover not in told.cleared:
            _clear(leftover, told)
    for panel in found.panels:
        if _may_go(panel, unused_days):
            _remove(panel, unused_days, told)
    removal.empty_trash(folder)
    return told


def _may_go(panel: Stored, unused_days: float) -> bool:
    return panel.damage is not None or panel.unused_days >= unused_days


def _clear(leftover: Leftover, told: Pruned) -> None:
    """Remove what nobody builds any more: its lock is free."""
    folder = leftover.folder.parent
    try:
        with _lock(folder, leftover.address):
            if removal.why_not_ours(leftover.folder, leftover.address) is None:
                removal.to_trash(leftover.folder, leftover.address)
                told.cleared.append(leftover)
    except Busy:
        told.kept.append((leftover, "it is being built"))


def _remove(listed: Stored, unused_days: float, told: Pruned) -> None:
    """Move one panel to the trash, unless somebody reads or rebuilds it or has just done so."""
    folder = listed.folder.parent
    try:
        with _lock(folder, listed.address):
            try:
                descriptor = os.open(listed.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            except OSError:  # it went a moment ago
                return
            try:
                if in_use(descriptor):
                    told.kept.append((listed, "a process is using it"))
                    return
                panel = stored(listed.folder)  # another process may have used or rebuilt it by now
                if panel is not None and _may_go(panel, unused_days):
                    removal.to_trash(panel.folder, panel.address)
                    told.removed.append(panel)
            finally:
                os.close(descriptor)
    except Busy:
        told.kept.append((listed, "it is being rebuilt"))


def _lock(folder: Path, address: str) -> AbstractContextManager[None]:
    return file_lock(folder / f".{address}.lock", wait=False, what="panel.folder")
