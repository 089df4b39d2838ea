"""All panels of one folder: what there is, whether it is sound, and what may go."""

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ploutos.panel import store
from ploutos.tracking.lock import file_lock
from ploutos.types import ConfigError, nearest

SECONDS_PER_DAY = 86_400.0


@dataclass(frozen=True)
class Stored:
    """One panel on disk.

    Attributes
    ----------
    damage : what is wrong with its manifest, or None.
    manifest : as stored; empty where damaged.
    unused_days : since a command last opened it.
    """

    address: str
    folder: Path
    bytes: int
    unused_days: float
    damage: str | None
    manifest: dict[str, Any]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Rows, tickers and features."""
        return tuple(self.manifest["files"]["features"]["shape"])


def stored_panels(folder: Path) -> list[Stored]:
    """Return the panels in `folder`, the most recently used first; unfinished ones are no panels."""
    found = []
    for place in sorted(folder.iterdir()) if folder.is_dir() else []:
        if place.name.startswith(".") or not place.is_dir():
            continue
        damage, manifest = None, {}
        try:
            manifest = store.read_manifest(place)
        except store.DamagedPanel as error:
            damage = str(error)
        used = place / store.MANIFEST
        newest = (used if used.exists() else place).stat().st_mtime
        size = sum(file.stat().st_size for file in place.iterdir())
        days = max(0.0, (time.time() - newest) / SECONDS_PER_DAY)
        found.append(Stored(place.name, place, size, days, damage, manifest))
    return sorted(found, key=lambda panel: panel.unused_days)


def find_panel(folder: Path, beginning: str) -> Stored:
    """Return the only panel in `folder` whose address begins so.

    Raises
    ------
    ConfigError
        None or several do; the nearest address is named.
    """
    panels = stored_panels(folder)
    fitting = [panel for panel in panels if panel.address.startswith(beginning)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise ConfigError(f"address: '{beginning}' is the beginning of {len(fitting)} panels in '{folder}'")
    hint = nearest(beginning, (panel.address for panel in panels))
    near = f" Nearest: '{hint}'." if hint else ""
    raise ConfigError(f"address: there is no panel '{beginning}' in '{folder}'.{near}")


def prune(folder: Path, unused_days: float) -> list[Stored]:
    """Remove the panels that no command opened for `unused_days`, and damaged ones; return them.

    Processes that have one mapped keep their files. What is being built is left alone.
    """
    gone = [panel for panel in stored_panels(folder) if panel.damage or panel.unused_days >= unused_days]
    for panel in gone:
        with file_lock(folder / f".{panel.address}.lock", wait=True, what="panel.folder"):
            # Out of sight first: a reader sees the whole panel or none.
            leaving = panel.folder.with_name(f".{panel.address}.leaving")
            panel.folder.rename(leaving)
            shutil.rmtree(leaving)
    return gone
