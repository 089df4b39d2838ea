"""All panels of a folder: listed, found by the beginning of their address, beside what is not ours."""

import json
import shutil
from pathlib import Path

import pytest
from foreign import copied, plant, snapshot
from panel_market import Source, address, killed_build, open_or_build, unused

from ploutos.panel import shelf
from ploutos.panel.prune import prune
from ploutos.types import ConfigError


def names(panels: list[shelf.Stored]) -> list[str]:
    return [panel.address for panel in panels]


def test_panels_are_listed_by_last_use(folder: Path) -> None:
    panels = shelf.stored_panels(folder)
    assert names(panels) == [address(folder, seed) for seed in (1, 2, 3)]
    assert [panel.unused_days for panel in panels] == pytest.approx([1, 20, 40], abs=0.01)
    for panel in panels:
        assert panel.folder == folder / panel.address and panel.damage is None
        assert panel.bytes == sum(len(file.read_bytes()) for file in panel.folder.iterdir())
        assert panel.shape == (90, 5, len(panel.manifest["feature_names"]))


def test_what_is_not_ours_is_listed_with_the_reason(folder: Path, tmp_path: Path) -> None:
    ours = [address(folder, seed) for seed in (1, 2, 3)]
    plant(folder, folder / ours[0], tmp_path / "outside")
    before = snapshot(tmp_path)
    found = shelf.contents(folder)
    why = {entry.name: entry.why for entry in found.foreign}
    assert names(found.panels) == ours and found.unfinished == []
    trash = folder / ".ploutos-trash"
    assert set(why) == {f".ploutos-trash/{place.name}" for place in trash.iterdir()} | {
        place.name
        for place in folder.iterdir()
        if place.suffix != ".lock"
        and place.name not in (".ploutos-panels", ".ploutos-trash", *names(found.panels))
    }
    assert why["thesis"] == why["A" * 64] == why["notes.txt"] == "its name is no address of a panel"
    assert "'chapter.txt'" in why["1" * 64] and "'thesis.txt'" in why["f" * 64]
    assert why["b" * 64] == why["c" * 64] == why["d" * 64] == "not a folder"
    assert snapshot(tmp_path) == before


def test_manifests_of_others_are_told_apart(folder: Path) -> None:
    """Folders with nothing but a manifest, and arrays of ours."""
    panel = folder / address(folder, 1)
    told = json.loads((panel / "manifest.json").read_text())
    others: dict[str, tuple[object, str]] = {
        "1": (told | {"hash": "1" * 64, "schema_version": 3}, "schema version 3 instead of 4"),
        "2": (told, f"hash {panel.name} instead of {'2' * 64}"),
        "3": ({"schema_version": 4, "hash": "3" * 64}, "not of a panel"),
        "4": ([], "a list, no mapping"),
    }
    for digit, (manifest, _) in others.items():
        shutil.copytree(panel, folder / (digit * 64))
        (folder / (digit * 64) / "manifest.json").write_text(json.dumps(manifest))
    found = {entry.name[0]: entry.why for entry in shelf.contents(folder).foreign}
    assert found == {digit: f"manifest.json: {why}" for digit, (_, why) in others.items()}


@pytest.mark.parametrize("place", ["nowhere", "note.txt"])
def test_a_folder_that_is_none_has_no_panels(tmp_path: Path, place: str) -> None:
    (tmp_path / "note.txt").write_text("no folder")
    assert shelf.stored_panels(tmp_path / place) == []
    if place == "nowhere":
        assert prune(tmp_path / place, 0).removed == []
    else:
        with pytest.raises(ConfigError, match=r"^panel\.folder: "):
            prune(tmp_path / place, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["note.txt"]


def test_opening_a_panel_counts_as_use(tmp_path: Path) -> None:
    address = open_or_build(tmp_path, Source()).hash
    unused(tmp_path / address, 50)
    was = (tmp_path / address / "features.npy").stat().st_mtime_ns
    assert shelf.stored_panels(tmp_path)[0].unused_days > 49
    open_or_build(tmp_path, Source(load=lambda: pytest.fail("loaded again")))
    assert shelf.stored_panels(tmp_path)[0].unused_days < 1
    assert (tmp_path / address / "features.npy").stat().st_mtime_ns == was


def test_damage_is_listed(folder: Path) -> None:
    copied(folder / address(folder, 1), folder / ("a" * 64))
    (panel,) = (panel for panel in shelf.stored_panels(folder) if panel.damage)
    assert panel.address == "a" * 64 and panel.manifest == {}
    assert panel.damage == "manifest.json: changed since it was written (SHA-256 differs)"


def test_what_a_killed_build_left_is_counted(folder: Path) -> None:
    left = killed_build(folder)
    (leftover,) = shelf.contents(folder).unfinished
    assert leftover.folder == left
    assert leftover.bytes == sum(file.stat().st_size for file in left.iterdir()) > 10_000
    assert leftover.address not in names(shelf.stored_panels(folder))


def test_a_panel_is_found_by_the_beginning_of_its_address(folder: Path) -> None:
    for seed in (1, 2, 3):
        whole = address(folder, seed)
        assert (
            shelf.find_panel(folder, whole[:20]).address == shelf.find_panel(folder, whole).address == whole
        )


def test_no_panel_or_several_are_refused(folder: Path) -> None:
    whole = address(folder, 1)
    with pytest.raises(ConfigError, match=r"^address: '' is the beginning of 3 panels"):
        shelf.find_panel(folder, "")
    wrong = whole[:30] + "xx"
    with pytest.raises(
        ConfigError, match=rf"^address: there is no panel '{wrong}' in '.*'\. Nearest: '{whole}'\."
    ):
        shelf.find_panel(folder, wrong)


def test_an_empty_folder_offers_no_address(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no panel 'aa' in '[^']*'\.$"):
        shelf.find_panel(tmp_path, "aa")
