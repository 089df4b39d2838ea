"""The store: addresses, mapping, damage, concurrency, failure."""

import errno
import json
import logging
import multiprocessing
import os
import shutil
from pathlib import Path
from typing import NoReturn

import numpy as np
import polars as pl
import pytest
from hydra.utils import execution_whitelist, instantiate
from omegaconf import OmegaConf
from panel_market import Macro as MacroColumns
from panel_market import (
    Source,
    build_in_child,
    core,
    killed_build,
    left_behind,
    open_or_build,
    panel,
    same,
)

from ploutos.panel import draft, memory_mapped, store
from ploutos.panel.memory_mapped import MemoryMapped
from ploutos.panel.sources import source_hash
from ploutos.types import Bars, ConfigError, DataError
from ploutos.universe.static import Static


def test_mapped_panel_equals_the_assembled_one(tmp_path: Path) -> None:
    built = open_or_build(tmp_path / "a", Source())
    again = open_or_build(tmp_path / "b", Source())
    assert same(built, panel())
    assert same(built, again)
    assert built.hash == again.hash
    assert len(built.hash) == 64
    assert store.verify(tmp_path / "a" / built.hash) == ()


def test_arrays_are_read_only_maps_of_the_files(tmp_path: Path) -> None:
    """Trap 8: the arrays' memory is the file's, not a copy."""
    built = open_or_build(tmp_path, Source())
    for name in ("features", "open", "close", "member", "macro", "ts"):
        array = getattr(built, name)
        assert isinstance(array, np.memmap)
        assert Path(array.filename).parent == tmp_path / built.hash
        assert not array.flags.writeable
    assert str(tmp_path / built.hash / "features.npy") in Path("/proc/self/maps").read_text()


def test_a_second_opening_does_not_load(tmp_path: Path) -> None:
    first = open_or_build(tmp_path, Source())
    second = open_or_build(tmp_path, Source(load=lambda: pytest.fail("loaded again")))
    assert same(first, second)
    assert second.quality == first.quality


def test_the_address_follows_every_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    where = MemoryMapped(folder=str(tmp_path), slots=None)

    def address(source: Source, universe: Static) -> str:
        return where.address(source, MacroColumns(), universe, core())

    base = address(Source(), Static(tickers=None))
    assert base == address(Source(), Static(tickers=None))
    assert base != address(Source(seed=1), Static(tickers=None))
    assert base != address(Source(), Static(tickers=["OKAY"]))
    monkeypatch.setattr(memory_mapped, "source_hash", lambda packages: "other code")
    assert base != address(Source(), Static(tickers=None))


def test_source_hash_sees_names_and_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import ploutos

    (tmp_path / "panel").mkdir()
    (tmp_path / "panel" / "a.py").write_text("x = 1\n")
    monkeypatch.setattr(ploutos, "__file__", str(tmp_path / "__init__.py"))
    first = source_hash(["panel"])
    (tmp_path / "panel" / "note.txt").write_text("no code")
    assert source_hash(["panel"]) == first
    (tmp_path / "panel" / "a.py").write_text("x = 2\n")
    changed = source_hash(["panel"])
    (tmp_path / "panel" / "a.py").rename(tmp_path / "panel" / "b.py")
    assert len({first, changed, source_hash(["panel"])}) == 3
    with pytest.raises(ConfigError, match=r"unknown value 'pannel'\. Nearest: 'panel'"):
        source_hash(["pannel"])


def _edit_manifest(folder: Path, **changes: object) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(manifest | changes))


def _flip_a_byte(folder: Path) -> None:
    file = folder / "features.npy"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(1, 1))


DAMAGES = {
    "missing file": lambda folder: (folder / "prices.npy").unlink(),
    "missing manifest": lambda folder: (folder / "manifest.json").unlink(),
    "broken manifest": lambda folder: (folder / "manifest.json").write_text('{"schema'),
    "manifest of something else": lambda folder: (folder / "manifest.json").write_text("[]"),
    "other schema": lambda folder: _edit_manifest(folder, schema_version=0),
    "other hash": lambda folder: _edit_manifest(folder, hash="0"),
    "no files": lambda folder: _edit_manifest(folder, files={}),
    "cut file": lambda folder: os.truncate(folder / "features.npy", 1000),
    "longer file": lambda folder: os.truncate(folder / "prices.npy", 100_000),
    "flipped byte": _flip_a_byte,
    "a file in place of the folder": lambda folder: (shutil.rmtree(folder), folder.write_text("")),
    "a file of somebody else beside the arrays": lambda folder: (
        (folder / "thesis.txt").write_text("mine"),
        os.truncate(folder / "features.npy", 1000),
    ),
}


NOT_OURS = (
    "missing manifest",
    "broken manifest",
    "manifest of something else",
    "other schema",
    "other hash",
    "a file in place of the folder",
    "a file of somebody else beside the arrays",
)


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_noticed_and_repaired(
    damage: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    address = open_or_build(tmp_path, Source()).hash
    DAMAGES[damage](tmp_path / address)
    with caplog.at_level(logging.WARNING):
        again = open_or_build(tmp_path, Source())
    assert caplog.text.count("is damaged and will be rebuilt") == len(caplog.records) == 1
    assert same(again, panel())
    assert store.verify(tmp_path / address) == ()
    aside = [f"{address}.set-aside-1"] if damage in NOT_OURS else []
    assert left_behind(tmp_path) == sorted([address, *aside])


def test_what_is_in_the_way_of_a_panel_is_kept(tmp_path: Path) -> None:
    address = open_or_build(tmp_path, Source()).hash
    for number in (1, 2):
        shutil.rmtree(tmp_path / address)
        (tmp_path / address).mkdir()
        (tmp_path / address / "thesis.txt").write_text(f"chapter {number}")
        open_or_build(tmp_path, Source())
        assert (tmp_path / f"{address}.set-aside-{number}" / "thesis.txt").read_text() == f"chapter {number}"
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere"
    shutil.move(tmp_path / address, elsewhere)
    (elsewhere / "manifest.json").write_text("{")
    (tmp_path / address).symlink_to(elsewhere)
    open_or_build(tmp_path, Source())
    assert (tmp_path / address).is_dir() and not (tmp_path / address).is_symlink()
    assert (tmp_path / f"{address}.set-aside-3").readlink() == elsewhere
    assert (elsewhere / "features.npy").is_file()


def test_a_panel_that_cannot_be_rebuilt_is_refused_by_name(tmp_path: Path) -> None:
    address, panels = open_or_build(tmp_path, Source()).hash, MemoryMapped(folder=str(tmp_path), slots=None)
    assert same(panels.open(address), panel())
    os.truncate(tmp_path / address / "features.npy", 1000)
    with pytest.raises(DataError, match=rf"'{tmp_path / address}' is damaged: features\.npy: 1000 bytes"):
        panels.open(address)
    with pytest.raises(DataError, match="there is no panel 0000"):
        panels.open("0" * 64)


def test_verify_finds_what_times_and_sizes_hide(tmp_path: Path) -> None:
    folder = tmp_path / open_or_build(tmp_path, Source()).hash
    status = (folder / "features.npy").stat()
    _flip_a_byte(folder)
    os.utime(folder / "features.npy", ns=(status.st_atime_ns, status.st_mtime_ns))
    (problem,) = store.verify(folder)
    assert "features.npy: content changed" in problem


def test_a_copied_folder_with_new_times_is_sound(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    built = open_or_build(tmp_path / "a", Source())
    shutil.copytree(tmp_path / "a", tmp_path / "b", copy_function=shutil.copyfile)
    moved = open_or_build(tmp_path / "b", Source(load=lambda: pytest.fail("loaded again")))
    assert same(built, moved)
    assert not caplog.records


def test_two_processes_build_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    results, counter = context.Queue(), tmp_path / "loads"
    arguments = (str(tmp_path / "panels"), str(counter), results)
    workers = [context.Process(target=build_in_child, args=arguments) for _ in range(2)]
    for worker in workers:
        worker.start()
    answers = [results.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join(timeout=60)
        assert worker.exitcode == 0
    assert answers[0] == answers[1]
    assert len(counter.read_text().split()) == 1


def test_a_failed_build_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> NoReturn:
        raise DataError("prices: bad")

    with pytest.raises(DataError, match="prices: bad"):
        open_or_build(tmp_path, Source(load=fails))
    real = draft.sha256_of
    monkeypatch.setattr(draft, "sha256_of", lambda path: real(path) if path.stem != "member" else fails())
    with pytest.raises(DataError):
        open_or_build(tmp_path, Source())
    assert left_behind(tmp_path) == []


def test_leftovers_of_a_killed_builder_are_removed(tmp_path: Path) -> None:
    leftover = killed_build(tmp_path)
    built = open_or_build(tmp_path, Source())
    assert leftover.name.startswith(f".{built.hash}.") and not leftover.exists()


def test_what_only_looks_like_a_leftover_is_left(tmp_path: Path) -> None:
    address = MemoryMapped(folder=str(tmp_path), slots=None).address(
        Source(), MacroColumns(), Static(tickers=None), core()
    )
    (tmp_path / f".{address}.building-1").mkdir()
    thesis = tmp_path / f".{address}.building-1" / "features.npy"
    thesis.write_text("mine")
    open_or_build(tmp_path, Source())
    assert thesis.read_text() == "mine"


def test_an_unwritable_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"^panel\.folder: cannot write '.*file/panels': Not a directory$"):
        open_or_build(tmp_path / "file" / "panels", Source())


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, size: int) -> NoReturn:
        os.write(descriptor, b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(draft, "reserve", full)
    with pytest.raises(ConfigError, match=r"^panel\.folder: cannot write .*: No space left on device$"):
        open_or_build(tmp_path, Source())
    assert left_behind(tmp_path) == []


def test_no_macro_no_signals_no_truth(tmp_path: Path) -> None:
    class Nothing(MacroColumns):
        def columns(self, ts: np.ndarray) -> tuple[tuple[str, ...], np.ndarray]:
            return (), np.zeros((len(ts), 0), dtype=np.float32)

    source = Source(load=lambda: Bars(frame=panel_frame()))
    built = MemoryMapped(folder=str(tmp_path), slots=None).open_or_build(
        source, Nothing(), Static(tickers=None), core()
    )
    assert built.expected_return is None
    assert built.macro.shape == (len(built.ts), 0)
    assert built.signals == ()


def panel_frame() -> pl.DataFrame:
    return Source().load().frame.drop("alpha", "beta")


def test_shipped_config() -> None:
    config = OmegaConf.load(Path(__file__).parents[2] / "conf/panel/memory_mapped.yaml")
    with execution_whitelist("ploutos.*"):
        assert isinstance(instantiate(config), MemoryMapped)
