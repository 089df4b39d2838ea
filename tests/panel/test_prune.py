"""Pruning removes panels of ours that nobody uses and what killed builds left, whatever else lies there."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from foreign import copied, plant, snapshot
from panel_market import Source, address, killed_build, left_behind, open_or_build, unused

from ploutos.panel import removal, shelf, store
from ploutos.panel.prune import prune
from ploutos.tracking.lock import file_lock
from ploutos.types import ConfigError

DIES = """
import os, signal, sys
from pathlib import Path
real, left = os.unlink, [int(sys.argv[2])]

def unlink(*words, **more):
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    real(*words, **more)

os.unlink = unlink
from ploutos.panel.prune import prune
prune(Path(sys.argv[1]), 0)
"""


def names(panels: list[shelf.Stored]) -> list[str]:
    return [panel.address for panel in panels]


@pytest.mark.parametrize(("days", "left"), [(50, (1, 2, 3)), (30, (1, 2)), (19.9, (1,)), (0, ())])
def test_pruning_goes_by_last_use(folder: Path, days: float, left: tuple[int, ...]) -> None:
    seeds = {address(folder, seed): seed for seed in (1, 2, 3)}
    told = prune(folder, days)
    assert [seeds[name] for name in names(shelf.stored_panels(folder))] == list(left)
    assert {seeds[name] for name in names(told.removed)} == {1, 2, 3} - set(left)
    assert left_behind(folder) == sorted(name for name, seed in seeds.items() if seed in left)
    assert told.foreign == told.kept == told.cleared == []


@pytest.mark.parametrize("days", [0, 30])
def test_nothing_of_others_is_touched(folder: Path, tmp_path: Path, days: float) -> None:
    seeds = {address(folder, seed): seed for seed in (1, 2, 3)}
    plant(folder, folder / next(name for name, seed in seeds.items() if seed == 1), tmp_path / "outside")
    before = snapshot(tmp_path)
    told = prune(folder, days)
    after = snapshot(tmp_path)
    gone = {name.split("/")[1] for name in before.keys() - after.keys()}
    assert (
        gone == {name for name, seed in seeds.items() if days == 0 or seed == 3} == set(names(told.removed))
    )
    assert {name: after[name] for name in before.keys() & after.keys()} == {
        name: value for name, value in before.items() if name in after
    }
    assert {place for place in after.keys() - before.keys() if not place.endswith(".lock")} == set()
    assert {entry.name for entry in told.foreign} >= {"thesis", "1" * 64, "c" * 64, "f" * 64, "notes.txt"}


def test_a_folder_without_the_marker_is_refused(folder: Path) -> None:
    marker = folder / ".ploutos-panels"
    told = marker.read_bytes()
    marker.unlink()
    before = snapshot(folder)
    for content in (None, b"", b"something else", told[:-5]):
        if content is not None:
            marker.write_bytes(content)
            before[marker.name] = snapshot(folder)[marker.name]
        with pytest.raises(ConfigError, match=r"^panel\.folder: '.*' has no '\.ploutos-panels'"):
            prune(folder, 0)
        assert snapshot(folder) == before
    marker.unlink()
    (folder.parent / "elsewhere").write_bytes(told)
    marker.symlink_to(folder.parent / "elsewhere")
    with pytest.raises(ConfigError, match=r"^panel\.folder: "):
        prune(folder, 0)
    marker.unlink()
    assert address(folder, 1) in left_behind(folder)
    open_or_build(folder, Source(1))  # marks it
    assert len(prune(folder, 0).removed) == 3


def test_a_damaged_panel_of_ours_goes(folder: Path) -> None:
    copied(folder / address(folder, 1), folder / ("a" * 64))
    assert names(prune(folder, 1000).removed) == ["a" * 64]
    without = folder / address(folder, 2)
    (without / "manifest.json").unlink()
    told = prune(folder, 1000)
    assert told.removed == [] and [entry.name for entry in told.foreign] == [without.name]
    assert (without / "features.npy").is_file()


def test_what_a_killed_build_left_goes_but_nothing_that_is_built(folder: Path) -> None:
    dead, alive = killed_build(folder, seed=7), killed_build(folder, seed=8)
    size = sum(file.stat().st_size for file in dead.iterdir())
    lock = folder / (alive.name.partition(".building")[0] + ".lock")
    with file_lock(lock, wait=True, what="test"):
        told = prune(folder, 1000)
        assert [(left.folder, left.bytes) for left in told.cleared] == [(dead, size)]
        assert [(left.folder, why) for left, why in told.kept] == [(alive, "it is being built")]  # type: ignore[union-attr]
        assert alive.is_dir() and not dead.exists()
    prune(folder, 1000)
    assert not alive.exists()
    assert left_behind(folder) == sorted(address(folder, seed) for seed in (1, 2, 3))


def test_a_panel_that_is_read_stays_until_its_arrays_are_gone(folder: Path) -> None:
    place = folder / address(folder, 3)
    panel = store.read(place, place.name)
    close = panel.close  # a view
    del panel
    unused(place, 40)
    told = prune(folder, 30)
    assert told.removed == [] and told.kept[0][1] == "a process is using it"
    assert place.is_dir() and close.shape == (90, 5)
    unused(place, 40)
    del close
    assert names(prune(folder, 30).removed) == [place.name]


def test_what_is_being_rebuilt_or_was_used_meanwhile_stays(folder: Path) -> None:
    place = folder / address(folder, 3)
    with file_lock(folder / f".{place.name}.lock", wait=True, what="test"):
        told = prune(folder, 30)
    assert [(panel.address, why) for panel, why in told.kept] == [(place.name, "it is being rebuilt")]
    real = shelf.contents

    def used_just_after(where: Path) -> shelf.Contents:
        found = real(where)
        unused(place, 0)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ploutos.panel.prune.contents", used_just_after)
        told = prune(folder, 30)
    assert told.removed == [] and place.is_dir()


def test_a_removal_that_was_killed_is_finished_by_the_next(folder: Path) -> None:
    killed = 0
    for files in range(60):
        ended = subprocess.run([sys.executable, "-c", DIES, str(folder), str(files % 9)], check=False)
        killed += ended.returncode != 0
        found = shelf.contents(folder)
        assert all(panel.damage is None for panel in found.panels)  # whole or gone
        if ended.returncode == 0:
            break
    assert killed >= 3 and left_behind(folder) == []


def test_readers_builders_and_pruners_at_once(tmp_path: Path) -> None:
    """Whoever opens a panel has all of it, however often it is pruned meanwhile."""
    failed: list[BaseException] = []
    expected = open_or_build(tmp_path, Source()).features.tobytes()
    done = threading.Event()

    def read() -> None:
        try:
            for _ in range(8):
                panel = open_or_build(tmp_path, Source())
                assert panel.features.tobytes() == expected
                del panel
        except BaseException as error:
            failed.append(error)

    def go_on_pruning() -> None:
        while not done.is_set():
            try:
                prune(tmp_path, 0)
            except BaseException as error:
                failed.append(error)
                return

    readers = [threading.Thread(target=read) for _ in range(3)]
    pruner = threading.Thread(target=go_on_pruning)
    for thread in (*readers, pruner):
        thread.start()
    for thread in readers:
        thread.join()
    done.set()
    pruner.join()
    assert failed == []


def test_a_trash_folder_of_somebody_else_is_no_way_out(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (folder / removal.TRASH).symlink_to(tmp_path / "home")
    with pytest.raises(ConfigError, match=r"^panel\.folder: '.*\.ploutos-trash' is no folder"):
        prune(folder, 0)
    assert list((tmp_path / "home").iterdir()) == []
    assert len(shelf.stored_panels(folder)) == 3


def test_removal_takes_links_for_what_they_are(tmp_path: Path) -> None:
    panel = tmp_path / open_or_build(tmp_path, Source()).hash
    os.link(panel / "features.npy", tmp_path / "second_name.npy")
    content = (panel / "features.npy").read_bytes()
    (tmp_path / "link").symlink_to(panel)
    removal.remove(tmp_path / "link", panel.name)
    assert panel.is_dir()
    removal.remove(panel, "0" * 64)
    assert panel.is_dir()
    removal.remove(panel, panel.name)
    assert not panel.exists() and (tmp_path / "second_name.npy").read_bytes() == content
    removal.remove(tmp_path / "none", panel.name)
    assert left_behind(tmp_path) == ["link", "second_name.npy"]
