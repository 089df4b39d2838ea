"""All panels of one folder: what there is, whether it is sound, and what is not a panel of ours."""

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ploutos.panel import manifest, removal, store
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


@dataclass(frozen=True)
class Leftover:
    """A folder in which a panel is being built, or was when its builder died; or one half removed."""

    address: str
    folder: Path
    bytes: int


@dataclass(frozen=True)
class Foreign:
    """An entry of the folder that is not ours, and why."""

    name: str
    why: str


@dataclass(frozen=True)
class Contents:
    """Everything in a folder of panels; panels with the most recently used first."""

    panels: list[Stored]
    unfinished: list[Leftover]
    foreign: list[Foreign]


def contents(folder: Path) -> Contents:
    """Return what lies in `folder`; nothing where there is no such folder."""
    found = Contents([], [], [])
    for place in sorted(folder.iterdir()) if folder.is_dir() else []:
        building = removal.BUILDING.fullmatch(place.name)
        address = building.group(1) if building else place.name
        if removal.is_kept_beside(place):
            continue
        if not manifest.ADDRESS.fullmatch(address):
            why: str | None = "its name is no address of a panel"
        else:
            why = removal.why_not_ours(place, address)
        if why is not None:
            if place.is_symlink() or place.exists():  # else it went a moment ago
                found.foreign.append(Foreign(place.name, why))
        elif building:
            found.unfinished.append(Leftover(address, place, size(place)))
        elif (panel := stored(place)) is not None:
            found.panels.append(panel)
    in_it = in_trash(folder)
    found.unfinished.extend(in_it)
    found.foreign.extend(_foreign_in_trash(folder, in_it))
    found.panels.sort(key=lambda panel: panel.unused_days)
    return found


def in_trash(folder: Path) -> list[Leftover]:
    """Return what a removal left that was killed."""
    trash = folder / removal.TRASH
    if trash.is_symlink() or not trash.is_dir():
        return []
    named = ((removal.IN_TRASH.fullmatch(place.name), place) for place in sorted(trash.iterdir()))
    return [
        Leftover(match.group(1), place, size(place))
        for match, place in named
        if match and removal.why_not_ours(place, match.group(1)) is None
    ]


def _foreign_in_trash(folder: Path, ours: list[Leftover]) -> list[Foreign]:
    trash, known = folder / removal.TRASH, {leftover.folder for leftover in ours}
    if trash.is_symlink() or not trash.is_dir():
        return []
    others = sorted(place.name for place in trash.iterdir() if place not in known)
    return [Foreign(f"{removal.TRASH}/{name}", "not a panel that was moved there") for name in others]


def stored_panels(folder: Path) -> list[Stored]:
    """Return the panels in `folder`, the most recently used first; unfinished ones are no panels."""
    return contents(folder).panels


def stored(place: Path) -> Stored | None:
    """Return the panel in the folder `place`; None where there is none of ours, or not any more."""
    if removal.why_not_ours(place, place.name) is not None:
        return None
    damage, told = None, {}
    try:
        told = store.read_manifest(place, place.name)
    except manifest.DamagedPanel as error:
        damage = str(error)
    try:
        used = (place / manifest.MANIFEST).stat().st_mtime
    except OSError:
        return None
    days = max(0.0, (time.time() - used) / SECONDS_PER_DAY)
    return Stored(place.name, place, size(place), days, damage, told)


def size(place: Path) -> int:
    """Return the bytes of the files in `place`."""
    total = 0
    with suppress(OSError):
        for file in place.iterdir():
            total += file.lstat().st_size
    return total


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
