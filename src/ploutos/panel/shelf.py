"""All panels of one folder: what there is, whether it is sound, and what may go."""

import shutil
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ploutos.panel import store
from ploutos.tracking.lock import Busy, file_lock
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
    places = sorted(folder.iterdir()) if folder.is_dir() else []
    found = [stored(place) for place in places if not place.name.startswith(".")]
    return sorted((panel for panel in found if panel is not None), key=lambda panel: panel.unused_days)


def stored(place: Path) -> Stored | None:
    """Return the panel in the folder `place`; None where there is none, perhaps since a moment ago."""
    damage, manifest = None, {}
    try:
        manifest = store.read_manifest(place)
    except store.DamagedPanel as error:
        damage = str(error)
    used = place / store.MANIFEST
    try:
        newest = (used if used.exists() else place).stat().st_mtime
        size = sum(file.stat().st_size for file in place.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return None
    days = max(0.0, (time.time() - newest) / SECONDS_PER_DAY)
    return Stored(place.name, place, size, days, damage, manifest)


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

    Processes that have one mapped keep their files. What is being built is left alone; what builders left
    that died is removed as well.
    """

    def may_go(panel: Stored) -> bool:
        return panel.damage is not None or panel.unused_days >= unused_days

    gone = []
    for listed in filter(may_go, stored_panels(folder)):
        with file_lock(folder / f".{listed.address}.lock", wait=True, what="panel.folder"):
            panel = stored(listed.folder)  # another process may have opened, rebuilt or removed it by now
            if panel is None or not may_go(panel):
                continue
            # Out of sight first: a reader sees the whole panel or none.
            leaving = panel.folder.with_name(f".{panel.address}.leaving")
            panel.folder.rename(leaving)
            shutil.rmtree(leaving)
            gone.append(panel)
    _clear_leftovers(folder)
    return gone


def _clear_leftovers(folder: Path) -> None:
    """Remove what died while it was built or removed: nobody holds its lock."""
    for pattern in (".*.building-*", ".*.leaving"):
        for leftover in folder.glob(pattern):
            address = leftover.name[1:].partition(".")[0]
            with suppress(Busy), file_lock(folder / f".{address}.lock", wait=False, what="panel.folder"):
                store.clear_unfinished(folder / address)
