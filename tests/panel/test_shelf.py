"""All panels of a folder: listed, found by the beginning of their address, pruned."""

import json
import os
import shutil
import threading
import time
from pathlib import Path

import pytest
from panel_market import Source, open_or_build

from ploutos.panel import shelf, store
from ploutos.tracking.lock import file_lock
from ploutos.types import ConfigError

DAY = 86_400.0


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of one panel."""
    folder = tmp_path_factory.mktemp("panels")
    return folder / open_or_build(folder, Source()).hash


@pytest.fixture
def folder(tmp_path: Path, built: Path) -> Path:
    """Return a folder with the panels "aaaa", "aabb" and "cccc", unused for 1, 20 and 40 days."""
    for name, days in (("aabb", 20), ("cccc", 40), ("aaaa", 1)):
        shutil.copytree(built, tmp_path / name)
        unused(tmp_path / name, days)
    return tmp_path


def unused(panel: Path, days: float) -> None:
    then = time.time() - days * DAY
    os.utime(panel / "manifest.json", (then, then))


def names(panels: list[shelf.Stored]) -> list[str]:
    return [panel.address for panel in panels]


def test_panels_are_listed_by_last_use(folder: Path, built: Path) -> None:
    (folder / ".dddd.building-1").mkdir()
    (folder / "note.txt").write_text("no panel")
    panels = shelf.stored_panels(folder)
    assert names(panels) == ["aaaa", "aabb", "cccc"]
    assert [panel.unused_days for panel in panels] == pytest.approx([1, 20, 40], abs=0.01)
    for panel in panels:
        assert panel.folder == folder / panel.address and panel.damage is None
        assert panel.bytes == sum(len(file.read_bytes()) for file in built.iterdir())
        assert panel.shape == store.read(built, built.name).features.shape
        assert panel.manifest == json.loads((built / "manifest.json").read_text())


@pytest.mark.parametrize("place", ["nowhere", "note.txt"])
def test_a_folder_that_is_none_has_no_panels(tmp_path: Path, place: str) -> None:
    (tmp_path / "note.txt").write_text("no folder")
    assert shelf.stored_panels(tmp_path / place) == shelf.prune(tmp_path / place, 0) == []
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


def test_opening_a_panel_counts_as_use(tmp_path: Path) -> None:
    address = open_or_build(tmp_path, Source()).hash
    unused(tmp_path / address, 50)
    was = (tmp_path / address / "features.npy").stat().st_mtime_ns
    assert shelf.stored_panels(tmp_path)[0].unused_days > 49
    open_or_build(tmp_path, Source(load=lambda: pytest.fail("loaded again")))
    assert shelf.stored_panels(tmp_path)[0].unused_days < 1
    assert (tmp_path / address / "features.npy").stat().st_mtime_ns == was


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "FileNotFoundError"), ('{"schema', "JSONDecodeError"), ('{"schema_version": 0}', "KeyError")],
)
def test_damage_is_listed(folder: Path, content: str | None, told: str) -> None:
    file = folder / "aabb" / "manifest.json"
    file.unlink() if content is None else file.write_text(content)
    (panel,) = (panel for panel in shelf.stored_panels(folder) if panel.damage)
    assert panel.address == "aabb" and panel.manifest == {}
    assert panel.damage.startswith("manifest.json: ") and told in panel.damage


@pytest.mark.parametrize("beginning", ["c", "cccc", "aab"])
def test_a_panel_is_found_by_the_beginning_of_its_address(folder: Path, beginning: str) -> None:
    assert shelf.find_panel(folder, beginning).address == {"c": "cccc", "a": "aabb"}[beginning[0]]


@pytest.mark.parametrize(
    ("beginning", "told"),
    [
        ("aa", "'aa' is the beginning of 2 panels"),
        ("", "'' is the beginning of 3 panels"),
        ("aabc", r"there is no panel 'aabc' in '.*'\. Nearest: 'aabb'\."),
    ],
)
def test_no_panel_or_several_are_refused(folder: Path, beginning: str, told: str) -> None:
    with pytest.raises(ConfigError, match=rf"^address: {told}"):
        shelf.find_panel(folder, beginning)


def test_an_empty_folder_offers_no_address(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no panel 'aa' in '[^']*'\.$"):
        shelf.find_panel(tmp_path, "aa")


@pytest.mark.parametrize(
    ("days", "left"),
    [(50, ["aaaa", "aabb", "cccc"]), (30, ["aaaa", "aabb"]), (19.9, ["aaaa"]), (0, [])],
)
def test_pruning_goes_by_last_use(folder: Path, days: float, left: list[str]) -> None:
    gone = shelf.prune(folder, days)
    assert names(shelf.stored_panels(folder)) == left
    assert sorted(left + names(gone)) == ["aaaa", "aabb", "cccc"]
    rest = {path.name for path in folder.iterdir()} - set(left)
    assert rest == {f".{panel.address}.lock" for panel in gone}


def test_pruning_removes_what_is_damaged(folder: Path) -> None:
    (folder / "aaaa" / "manifest.json").unlink()
    assert names(shelf.prune(folder, 1000)) == ["aaaa"]
    assert names(shelf.stored_panels(folder)) == ["aabb", "cccc"]


def test_pruning_removes_what_dead_builders_left_but_nothing_that_is_built(folder: Path) -> None:
    dead = [folder / ".eeee.building-1", folder / ".eeee.building-2", folder / ".cccc.leaving"]
    alive = folder / ".ffff.building-3"
    for place in (*dead, alive):
        place.mkdir()
        (place / "features.npy").write_text("half")
    with file_lock(folder / ".ffff.lock", wait=True, what="test"):
        assert shelf.prune(folder, 1000) == []
        assert alive.is_dir() and not any(place.exists() for place in dead)
    shelf.prune(folder, 1000)
    assert not alive.exists()
    assert names(shelf.stored_panels(folder)) == ["aaaa", "aabb", "cccc"]


def test_a_mapped_panel_stays_readable(folder: Path, built: Path) -> None:
    panel = store.read(folder / "cccc", built.name)
    before = panel.features.tobytes()
    shelf.prune(folder, 0)
    assert not (folder / "cccc").exists()
    assert panel.features.tobytes() == before


def prune_while_locked(folder: Path, address: str, meanwhile) -> list[str]:
    """Prune what was unused for 30 days while another has the lock of `address` and does something."""
    gone: list[shelf.Stored] = []
    pruner = threading.Thread(target=lambda: gone.extend(shelf.prune(folder, 30)))
    with file_lock(folder / f".{address}.lock", wait=True, what="test"):
        pruner.start()
        pruner.join(0.3)
        assert pruner.is_alive() and (folder / address).is_dir()
        meanwhile()
    pruner.join(10)
    assert not pruner.is_alive()
    return names(gone)


def test_pruning_waits_for_the_lock(folder: Path) -> None:
    assert prune_while_locked(folder, "cccc", lambda: None) == ["cccc"]


def test_what_was_used_repaired_or_removed_meanwhile_is_left_alone(folder: Path) -> None:
    assert prune_while_locked(folder, "cccc", lambda: unused(folder / "cccc", 0)) == []
    manifest = folder / "aabb" / "manifest.json"
    content = manifest.read_text()
    manifest.write_text("{")
    assert prune_while_locked(folder, "aabb", lambda: manifest.write_text(content)) == []
    unused(folder / "cccc", 40)
    assert prune_while_locked(folder, "cccc", lambda: shutil.rmtree(folder / "cccc")) == []
    assert names(shelf.stored_panels(folder)) == ["aabb", "aaaa"]
