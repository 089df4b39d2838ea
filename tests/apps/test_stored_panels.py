"""`ploutos data panels=...`: stored panels listed, inspected, verified, pruned."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import Call, run
from data_reports import MARKET, SESSIONS, one_line, report_lines

# Maps a panel, says what is in it, and again when it is told to.
READER = """
import hashlib, sys
from pathlib import Path
from ploutos.panel import store
panel = store.read(Path(sys.argv[1]), Path(sys.argv[1]).name)
for _ in range(2):
    print(hashlib.sha256(panel.features.tobytes() + panel.prices.tobytes()).hexdigest(), flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of one panel that `ploutos data` has built."""
    folder = tmp_path_factory.mktemp("data")
    assert run("data", *MARKET, folder=folder).code == 0
    return folder / ".ploutos/panels"


@pytest.fixture
def panels(built: Path, tmp_path: Path) -> Path:
    """Return a folder with that panel, used just now, and one that looks like it, unused for 40 days."""
    folder = tmp_path / "panels"
    shutil.copytree(built, folder)
    (panel,) = (path for path in folder.iterdir() if path.is_dir())
    other = folder / ("f" if panel.name[0] != "f" else "e").ljust(64, "0")
    shutil.copytree(panel, other)
    manifest = json.loads((other / "manifest.json").read_text())
    (other / "manifest.json").write_text(json.dumps(manifest | {"hash": other.name}))
    then = time.time() - 40 * 86_400
    os.utime(other / "manifest.json", (then, then))
    return folder


def both(panels: Path) -> tuple[Path, Path]:
    """Return the panel that was used just now and the old one."""
    new, old = sorted(
        (path for path in panels.iterdir() if path.is_dir()),
        key=lambda path: -(path / "manifest.json").stat().st_mtime,
    )
    return new, old


def test_panels_are_listed(ploutos: Call, panels: Path) -> None:
    new, old = both(panels)
    told = ploutos("data", "panels=list", f"panel.folder={panels}")
    first, second, total = told.out.splitlines()
    size = sum(path.stat().st_size for path in new.iterdir()) / 1e6
    assert first.split()[:6] == [new.name[:16], f"{size:.1f}", "MB", "unused", "0.0", "days"]
    assert second.split()[:6] == [old.name[:16], f"{size:.1f}", "MB", "unused", "40.0", "days"]
    assert first.endswith(f"{2 * SESSIONS} rows x 3 tickers x 35 features")
    assert total.startswith("2 panels, ") and total.endswith(f" MB in {panels}")
    assert (told.code, told.err) == (0, "")
    (old / "manifest.json").write_text('{"schema')
    told = ploutos("data", "panels=list", f"panel.folder={panels}")
    assert told.code == 0 and "damaged: manifest.json: JSONDecodeError" in told.out
    none = ploutos("data", "panels=list", "panel.folder=nowhere")
    assert (none.code, none.out) == (0, "0 panels, 0.0 MB in nowhere\n") and not Path("nowhere").exists()


def test_a_panel_is_inspected(ploutos: Call, panels: Path) -> None:
    new, old = both(panels)
    told = ploutos("data", "panels=inspect", f"address='{new.name[:9]}'", f"panel.folder={panels}")
    assert (told.code, told.err) == (0, "")
    assert f"folder    {new}" in told.out and "tickers   SYN1, SYN2, SYN3\n" in told.out
    listed = [line.split()[1] for line in told.out.splitlines() if line.startswith("file ")]
    assert listed == sorted(path.stem for path in new.glob("*.npy"))
    (line,) = (line for line in told.out.splitlines() if line.startswith("file      prices "))
    assert f"<f8 [{2 * SESSIONS}, 5, 3]" in line
    (old / "manifest.json").unlink()
    told = ploutos("data", "panels=inspect", f"address='{old.name[:9]}'", f"panel.folder={panels}")
    assert told.code == 0 and "damaged: manifest.json: FileNotFoundError" in told.out


def test_no_panel_of_that_address(ploutos: Call, panels: Path) -> None:
    new, _ = both(panels)
    for task in ("inspect", "verify"):
        wrong = new.name[:30] + "xx"
        told = ploutos("data", f"panels={task}", f"address='{wrong}'", f"panel.folder={panels}")
        one_line(told, f"address: there is no panel '{wrong}'", f"Nearest: '{new.name}'")
        told = ploutos("data", f"panels={task}", "address=''", f"panel.folder={panels}")
        one_line(told, "'' is the beginning of 2 panels")


def test_every_byte_of_panels_is_verified(ploutos: Call, panels: Path) -> None:
    new, old = both(panels)
    told = ploutos("data", "panels=verify", f"panel.folder={panels}")
    assert told.code == 0
    assert told.out.splitlines() == [f"{new.name[:16]}  sound", f"{old.name[:16]}  sound"]
    file = old / "features.npy"
    was, content = file.stat(), bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(was.st_atime_ns, was.st_mtime_ns))
    told = ploutos("data", "panels=verify", f"panel.folder={panels}")
    one_line(told, old.name[:16], "damaged")
    assert new.name[:16] not in told.err
    sound, damaged = told.out.splitlines()
    assert sound == f"{new.name[:16]}  sound" and "features.npy: content changed" in damaged
    assert ploutos("data", "panels=verify", f"address='{new.name}'", f"panel.folder={panels}").code == 0


def test_a_damaged_panel_is_told_of_and_rebuilt(panels: Path, tmp_path: Path) -> None:
    new, _ = both(panels)
    (new / "manifest.json").unlink()
    told = run("data", *MARKET, f"panel.folder={panels}", folder=tmp_path)
    assert told.code == 0 and told.err.count("is damaged and will be rebuilt") == 1, told
    again = run("data", *MARKET, f"panel.folder={panels}", folder=tmp_path)
    assert (again.code, again.err) == (0, "")


def test_pruning_goes_by_use_and_damage(ploutos: Call, panels: Path) -> None:
    new, old = both(panels)
    where = f"panel.folder={panels}"
    told = ploutos("data", "panels=prune", "unused_days=41", where)
    assert (told.code, told.out) == (0, f"removed 0 panels, 0.0 MB, from {panels}\n")
    told = ploutos("data", "panels=prune", where)
    assert told.code == 0 and told.out.startswith(old.name[:16]) and "\nremoved 1 panels, " in told.out
    assert new.is_dir() and not old.exists()
    (new / "manifest.json").unlink()
    told = ploutos("data", "panels=prune", where)
    assert told.code == 0 and "damaged" in told.out and not new.exists()
    assert {path.suffix for path in panels.iterdir()} <= {".lock"}
    assert report_lines(ploutos("data", *MARKET, where))["address"] == [new.name]


def test_a_report_counts_as_use(ploutos: Call, panels: Path) -> None:
    new, old = both(panels)
    then = time.time() - 50 * 86_400
    os.utime(new / "manifest.json", (then, then))
    assert ploutos("data", *MARKET, f"panel.folder={panels}").code == 0
    assert ploutos("data", "panels=prune", f"panel.folder={panels}").code == 0
    assert new.is_dir() and not old.exists()


def test_a_panel_that_another_process_reads_can_be_pruned(ploutos: Call, panels: Path) -> None:
    new, _ = both(panels)
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(new)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdin is not None and reader.stdout is not None
        before = reader.stdout.readline()
        assert len(before) == 65
        assert ploutos("data", "panels=prune", "unused_days=0", f"panel.folder={panels}").code == 0
        assert not new.exists()
        assert ploutos("data", *MARKET, f"panel.folder={panels}").code == 0  # built again
        reader.stdin.write("again\n")
        reader.stdin.flush()
        assert reader.stdout.readline() == before
        reader.stdin.write("enough\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["panels=prun"], "panels: unknown value 'prun'. Nearest: 'prune'"),
        (["panels=inspect"], "address: null; panels=inspect needs"),
        (
            ["panels=inspect", "address=4e5"],
            "address: 400000.0 was read as a number; quote it: address=\"'...'\"",
        ),
        (["panels=prune", "unused_days=-1"], "unused_days: -1 is not a number >= 0"),
        (["panels=prune", "unused_days=soon"], "unused_days: 'soon' is not a number >= 0"),
        (["panels=prune", "unused_days=null"], "unused_days: None is not a number >= 0"),
        (["panels=prune", "unused_days=true"], "unused_days: True is not a number >= 0"),
        (["panels=prune", "unused_days=nan"], "unused_days: nan is not a number >= 0"),
        (["panel=prune"], "panel: no 'prune'"),
    ],
)
def test_a_wrong_task_removes_and_writes_nothing(ploutos: Call, arguments: list[str], told: str) -> None:
    one_line(ploutos("data", *arguments), told)
    assert list(Path.cwd().iterdir()) == []
