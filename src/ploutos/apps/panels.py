"""`ploutos data panels=...`: the stored panels, listed, inspected, verified and pruned."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from ploutos.types import ConfigError, DataError, one_of

if TYPE_CHECKING:
    from ploutos.panel.shelf import Contents, Foreign, Leftover, Stored

MOST = 20  # foreign entries that are named
TASKS = ("report", "list", "inspect", "verify", "prune")


def check_task(config: DictConfig) -> str:
    """Return what `panels` asks for, or refuse it."""
    task = str(config.panels)
    if task not in TASKS:
        raise one_of("panels", task, TASKS)
    days = config.unused_days
    if not isinstance(days, int | float) or isinstance(days, bool) or not days >= 0:
        raise ConfigError(f"unused_days: {days!r} is not a number >= 0")
    if task == "inspect" and config.address is None:
        raise ConfigError("address: null; panels=inspect needs the beginning of a panel's address")
    if isinstance(config.address, float):  # such as 4e5
        raise ConfigError(f"address: {config.address} was read as a number; quote it: address=\"'...'\"")
    return task


def check_marked(config: DictConfig, task: str) -> None:
    """Refuse to prune a folder that Ploutos never kept panels in, before anything is written."""
    from ploutos.panel.removal import require_mark

    folder = panel_folder(config)
    if task == "prune" and folder.exists():
        require_mark(folder)


def panel_folder(config: DictConfig) -> Path:
    """Return the folder of the panels."""
    return Path(str(config.panel.folder)).expanduser()


def look_after(config: DictConfig, task: str) -> Iterable[str]:
    """Yield the lines that `task` prints, other than "report".

    Raises
    ------
    DataError
        A panel that was verified is damaged.
    """
    from ploutos.panel import shelf

    folder = panel_folder(config)
    if task == "list":
        yield from listed(shelf.contents(folder), folder)
    elif task == "inspect":
        yield from inspect(shelf.find_panel(folder, str(config.address)))
    elif task == "verify":
        chosen = (
            shelf.stored_panels(folder)
            if config.address is None
            else [shelf.find_panel(folder, str(config.address))]
        )
        yield from verify(chosen)
    else:
        yield from pruned(folder, float(config.unused_days))


def listed(found: "Contents", folder: Path) -> Iterable[str]:
    """Yield a line for each panel, unfinished build and entry that is not ours, and one that counts."""
    yield from (line(panel) for panel in found.panels)
    yield from (unfinished(leftover, "unfinished build") for leftover in found.unfinished)
    yield from foreign(found.foreign)
    total = f"{len(found.panels)} panels, {megabytes(found.panels)} in {folder}"
    if found.unfinished:
        total += f"; {len(found.unfinished)} unfinished builds, {megabytes(found.unfinished)}"
    yield total


def pruned(folder: Path, unused_days: float) -> Iterable[str]:
    """Prune, and yield what went and what was left."""
    from ploutos.panel.prune import prune

    told = prune(folder, unused_days)
    yield from (line(panel) for panel in told.removed)
    yield from (unfinished(leftover, "unfinished build") for leftover in told.cleared)
    for it, why in told.kept:
        yield f"{it.address[:16]}  left: {why}"
    yield from foreign(told.foreign)
    total = f"removed {len(told.removed)} panels, {megabytes(told.removed)}, from {folder}"
    if told.cleared:
        total += f"; {len(told.cleared)} unfinished builds, {megabytes(told.cleared)}"
    yield total


def foreign(entries: "Sequence[Foreign]") -> Iterable[str]:
    """Yield a line for each entry that is not ours, and one for those beyond the first many."""
    for entry in entries[:MOST]:
        yield f"not ours: {entry.name}  ({entry.why}); left"
    if len(entries) > MOST:
        yield f"not ours: {len(entries) - MOST} more; left"


def unfinished(leftover: "Leftover", what: str) -> str:
    """Return what a list says of a build that died or is under way."""
    return f"{leftover.address[:16]}  {leftover.bytes / 1e6:10,.1f} MB  {what}"


def line(panel: "Stored") -> str:
    """Return what a list says of one panel."""
    head = f"{panel.address[:16]}  {panel.bytes / 1e6:10,.1f} MB  unused {panel.unused_days:6.1f} days  "
    if panel.damage:
        return head + f"damaged: {panel.damage}"
    rows, tickers, features = panel.shape
    return head + f"{rows:,} rows x {tickers:,} tickers x {features} features"


def megabytes(panels: "Sequence[Stored | Leftover]") -> str:
    """Return the size of all."""
    return f"{sum(panel.bytes for panel in panels) / 1e6:,.1f} MB"


def inspect(panel: "Stored") -> Iterable[str]:
    """Yield what the manifest says."""
    yield line(panel)
    yield f"folder    {panel.folder.absolute()}"
    if panel.damage:
        return
    told: dict[str, Any] = panel.manifest
    yield f"tickers   {', '.join(told['tickers'])}"
    yield f"features  {', '.join(told['feature_names'])}"
    yield f"macro     {', '.join(told['macro_names']) or 'none'}"
    clock = told["clock"]
    yield f"sessions  by the clock of {clock['timezone']}, dates begin at {clock['day_starts']}"
    for name, entry in sorted(told["files"].items()):
        yield f"file      {name:<16} {entry['dtype']} {entry['shape']}  {entry['bytes'] / 1e6:,.1f} MB"


def verify(panels: "list[Stored]") -> Iterable[str]:
    """Read every byte of `panels` and yield a line each; raise DataError in the end where one is damaged."""
    from ploutos.panel.store import verify as damages

    broken = []
    for panel in panels:
        problems = damages(panel.folder)
        yield f"{panel.address[:16]}  {'; '.join(problems) or 'sound'}"
        broken += [panel.address[:16]] if problems else []
    if broken:
        raise DataError(f"panels: {', '.join(broken)} damaged; what needs one rebuilds it")
