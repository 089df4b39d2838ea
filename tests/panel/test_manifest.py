"""A manifest is not believed: it is sealed by its hash, bound to its address, and held against the arrays."""

import copy
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from panel_market import Source, address, left_behind, open_or_build

from ploutos.panel import manifest, store
from ploutos.panel.axes import AXES, mismatch
from ploutos.panel.panel import Panel

Told = dict[str, Any]
READER = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
import panel_market, unprivileged
unprivileged.give_up_powers()
place = Path(sys.argv[1])
try:
    (place / "x").touch()
    sys.exit("the folder can be written")
except PermissionError:
    pass
def loaded():
    sys.exit("loaded again")
panel = panel_market.open_or_build(place, panel_market.Source(load=loaded))
print(panel.hash, panel_market.same(panel, panel_market.panel()))
try:
    panel_market.open_or_build(place, panel_market.Source(seed=5))
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.fixture
def built(three_panels: Path, tmp_path: Path) -> Path:
    """Return a panel of its own to spoil."""
    name = address(three_panels, 1)
    shutil.copytree(three_panels / name, tmp_path / name)
    return tmp_path / name


def edit(place: Path, change: Callable[[Told], object], *, reseal: bool) -> None:
    """Change the manifest, and let its hash be that of the changed one where `reseal`."""
    told = json.loads((place / "manifest.json").read_text())
    change(told)
    if reseal:
        del told["sha256"]
        told["sha256"] = sha256_of(told)
    (place / "manifest.json").write_text(json.dumps(told, indent=1))


def sha256_of(told: object) -> str:
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def swapped(key: str) -> Callable[[Told], object]:
    def change(told: Told) -> None:
        names = told[key]
        names[0], names[1] = names[1], names[0]

    return change


EDITS: dict[str, Callable[[Told], object]] = {
    "tickers swapped": swapped("tickers"),
    "a ticker renamed": lambda told: told["tickers"].__setitem__(4, "ZZZ"),
    "features swapped": swapped("feature_names"),
    "macro columns swapped": swapped("macro_names"),
    "signals swapped": swapped("signals"),
    "another clock": lambda told: told["clock"].update(timezone="Asia/Tokyo"),
    "a finding left out": lambda told: told["quality"].clear(),
    "another time of a file": lambda told: told["files"]["prices"].update(mtime_ns=1),
    "files exchanged": lambda told: (
        told["files"].update(member=told["files"]["slot_member"])
        if "slot_member" in told["files"]
        else told["files"].update(delist_return=told["files"]["delist_bar"])
    ),
    "another source": lambda told: told["inputs"]["source"].update(seed=99),
    "an entry more": lambda told: told.update(note="mine"),
    "no hash": lambda told: told.pop("sha256"),
    "no inputs": lambda told: told.pop("inputs"),
}


@pytest.mark.parametrize("name", EDITS)
def test_every_edit_is_noticed_verified_and_repaired(
    name: str, built: Path, caplog: pytest.LogCaptureFixture
) -> None:
    edit(built, EDITS[name], reseal=False)
    with pytest.raises(store.DamagedPanel, match=r"^manifest\.json: "):
        store.read(built, built.name)
    (problem,) = store.verify(built)
    assert problem.startswith("manifest.json: ")
    again = open_or_build(built.parent, Source(1))
    assert "is damaged and will be rebuilt" in caplog.text
    assert again.tickers == ("GAPS", "GONE", "LATE", "MUTE", "OKAY")
    assert left_behind(built.parent) == [built.name]  # it was ours, so it was replaced


RESEALED = {
    "tickers swapped": "tickers: not sorted",
    "another clock": "its clock is not the one of the address",
    "another source": "its inputs are not those of the address",
    "no inputs": "its inputs are not those of the address",
    "signals swapped": "signals: not the last of feature_names",
}


@pytest.mark.parametrize("name", RESEALED)
def test_what_the_address_covers_is_noticed_whatever_the_seal_says(name: str, built: Path) -> None:
    edit(built, EDITS[name], reseal=True)
    assert RESEALED[name] in store.verify(built)[0]
    with pytest.raises(store.DamagedPanel, match=RESEALED[name]):
        store.read(built, built.name)


@pytest.mark.parametrize("key", ["tickers", "feature_names", "macro_names"])
@pytest.mark.parametrize("longer", [True, False])
def test_lengths_are_held_against_names(key: str, longer: bool, built: Path) -> None:
    edit(built, lambda told: told[key].append("ZZZZ") if longer else told[key].pop(0), reseal=True)
    with pytest.raises(store.DamagedPanel, match=rf"length \d+ on axis \w, where {key} has \d+"):
        store.read(built, built.name)
    assert len(store.verify(built)) == 1


@pytest.mark.parametrize("name", sorted(AXES))
def test_every_axis_of_every_array_is_compared(name: str, built: Path) -> None:
    told = json.loads((built / "manifest.json").read_text())
    assert mismatch(told) is None
    optional = name not in told["files"]
    if optional:
        sizes = {"T": 90, "N": 5, "F": len(told["feature_names"]), "K": 3, "5": 5}
        for other in ("slot_asset", "slot_features", "slot_prices", "slot_member", "expected_return"):
            told["files"].setdefault(other, {"shape": [sizes[axis] for axis in AXES[other]]})
        assert mismatch(told) is None
    for axis in range(len(AXES[name])):
        wrong = copy.deepcopy(told)
        wrong["files"][name]["shape"][axis] += 1
        alone = AXES[name] == "T" or sum(AXES[name][axis] in axes for axes in AXES.values()) == 1
        assert alone or mismatch(wrong) is not None
    wrong = copy.deepcopy(told)
    wrong["files"][name]["shape"].append(1)
    assert mismatch(wrong) is not None


def test_arrays_know_all_axes() -> None:
    assert set(AXES) == set(manifest.ARRAYS)
    assert "slot_asset" in Panel.__annotations__


def test_the_manifest_holds_what_the_address_is_the_hash_of(built: Path) -> None:
    told = json.loads((built / "manifest.json").read_text())
    assert sha256_of(told["inputs"]) == told["hash"] == built.name
    seal = told.pop("sha256")
    assert sha256_of(told) == seal
    assert told["inputs"]["source"] == {"seed": 1} and told["inputs"]["clock"] == told["clock"]


def test_the_digest_is_the_same_after_a_round_trip() -> None:
    value = {"b": (1, 2), 10: 0.1, 9: None, "nan": float("nan"), "a": {"ä": np.float64(0.3).item()}}
    assert manifest.digest(value) == manifest.digest(json.loads(json.dumps(value)))
    assert manifest.digest({"a": 1}) != manifest.digest({"a": 1.5})


def test_a_manifest_of_another_panel_is_noticed(three_panels: Path, tmp_path: Path) -> None:
    shutil.copytree(three_panels, tmp_path / "panels")
    first, second = (tmp_path / "panels" / address(three_panels, seed) for seed in (1, 2))
    shutil.copy(second / "manifest.json", first / "manifest.json")
    assert store.verify(first) == (f"manifest.json: hash {second.name} instead of {first.name}",)


def test_a_pipe_or_a_deep_nest_for_a_manifest_is_damage_not_a_hang(built: Path) -> None:
    (built / "manifest.json").write_text("[" * 100_000)
    assert "RecursionError" in store.verify(built)[0]
    (built / "manifest.json").unlink()
    os.mkfifo(built / "manifest.json")
    began = time.monotonic()
    assert "no regular file" in store.verify(built)[0]
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("with_marks", [True, False])
def test_a_read_only_folder_with_a_complete_panel_works(tmp_path: Path, with_marks: bool) -> None:
    """Read by a process that permission bits bind; with and without lock and marker beside the panel."""
    open_or_build(tmp_path / "panels", Source())
    folder = tmp_path / "panels"
    if not with_marks:
        for file in folder.glob(".*"):
            file.unlink()
    everything = [folder, *folder.rglob("*")]
    for place in everything:
        place.chmod(0o555 if place.is_dir() else 0o444)
    before = {place: place.stat().st_mtime_ns for place in everything}
    here = Path(__file__).parent
    words = [sys.executable, "-c", READER, str(folder), str(here), str(here.parent)]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    folder.chmod(0o755)
    assert ended.returncode == 0, ended.stderr
    read, refused = ended.stdout.splitlines()
    assert read == f"{next(folder.glob('?' * 64)).name} True"
    assert refused == f"ConfigError panel.folder: cannot write '{folder}': Permission denied"
    manifests = {place for place in before if place.name == "manifest.json"}  # its owner may set times: used
    assert {place: place.stat().st_mtime_ns for place in before.keys() - manifests - {folder}} == {
        place: at for place, at in before.items() if place not in manifests | {folder}
    }
    assert [place for place in folder.rglob("*") if place not in before] == []
