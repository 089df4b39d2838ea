"""`ploutos data panels=...`: stored panels listed, inspected, verified, pruned."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import Call, finish, run, start
from data_reports import MARKET, SESSIONS, one_line, report_lines
from interrupting import wait_until

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
    """Return a folder of two panels that `ploutos data` has built."""
    folder = tmp_path_factory.mktemp("data")
    for years in ("1", "1.1"):
        assert run("data", *MARKET, f"data.years={years}", folder=folder).code == 0
    return folder / ".ploutos/panels"


@pytest.fixture
def panels(built: Path, tmp_path: Path) -> Path:
    """Return a folder with that panel, used just now, and one of another market, unused for 40 days."""
    folder = tmp_path / "panels"
    shutil.copytree(built, folder)
    then = time.time() - 40 * 86_400
    os.utime(other(folder) / "manifest.json", (then, then))
    return folder


def other(panels: Path) -> Path:
    """Return the panel that was built second."""
    manifests = [path for path in panels.glob("*/manifest.json") if '"years": 1.1' in path.read_text()]
    return manifests[0].parent


def both(panels: Path) -> tuple[Path, Path]:
    """Return the panel that was used just now and the old one."""
    new, old = sorted(
        (path for path in panels.iterdir() if path.is_dir()),
        key=lambda path: -(path / "manifest.json").stat().st_mtime,
    )
    return new, old


def spoil(panel: Path) -> None:
    """Exchange two tickers."""
    told = json.loads((panel / "manifest.json").read_text())
    told["tickers"].reverse()
    (panel / "manifest.json").write_text(json.dumps(told))


def test_panels_are_listed(ploutos: Call, panels: Path) -> None:
    new, old = both(panels)
    told = ploutos("data", "panels=list", f"panel.folder={panels}")
    first, second, total = told.out.splitlines()
    for line, panel, days in ((first, new, "0.0"), (second, old, "40.0")):
        size = sum(path.stat().st_size for path in panel.iterdir()) / 1e6
        assert line.split()[:6] == [panel.name[:16], f"{size:.1f}", "MB", "unused", days, "days"]
    assert first.endswith(f"{2 * SESSIONS} rows x 3 tickers x 35 features")
    assert total.startswith("2 panels, ") and total.endswith(f" MB in {panels}")
    assert (told.code, told.err) == (0, "")
    spoil(old)
    told = ploutos("data", "panels=list", f"panel.folder={panels}")
    assert told.code == 0 and "damaged: manifest.json: changed since it was written" in told.out
    (old / "manifest.json").write_text('{"schema')
    told = ploutos("data", "panels=list", f"panel.folder={panels}")
    assert told.code == 0 and f"not ours: {old.name}  (manifest.json: JSONDecodeError" in told.out
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
    spoil(old)
    told = ploutos("data", "panels=inspect", f"address='{old.name[:9]}'", f"panel.folder={panels}")
    assert told.code == 0 and "damaged: manifest.json: changed" in told.out and "tickers" not in told.out


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
    spoil(new)
    verified = run("data", "panels=verify", f"panel.folder={panels}", folder=tmp_path)
    assert verified.code == 2 and f"{new.name[:16]}  manifest.json: changed" in verified.out
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
    spoil(new)
    told = ploutos("data", "panels=prune", where)
    assert told.code == 0 and "damaged" in told.out and not new.exists()
    assert {path.suffix for path in panels.iterdir()} - {".lock"} == {""}
    assert [path.name for path in panels.iterdir() if not path.suffix] == [".ploutos-panels"]
    assert report_lines(ploutos("data", *MARKET, where))["address"] == [new.name]


def test_a_report_counts_as_use(ploutos: Call, panels: Path) -> None:
    new, old = both(panels)
    then = time.time() - 50 * 86_400
    os.utime(new / "manifest.json", (then, then))
    assert ploutos("data", *MARKET, f"panel.folder={panels}").code == 0
    assert ploutos("data", "panels=prune", f"panel.folder={panels}").code == 0
    assert new.is_dir() and not old.exists()


def test_a_panel_that_another_process_reads_is_left(ploutos: Call, panels: Path) -> None:
    new, old = both(panels)
    with subprocess.Popen(
        [sys.executable, "-c", READER, str(new)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdin is not None and reader.stdout is not None
        before = reader.stdout.readline()
        assert len(before) == 65
        told = ploutos("data", "panels=prune", "unused_days=0", f"panel.folder={panels}")
        assert told.code == 0 and f"{new.name[:16]}  left: a process is using it\n" in told.out
        assert new.is_dir() and not old.exists()
        reader.stdin.write("again\n")
        reader.stdin.flush()
        assert reader.stdout.readline() == before
        reader.kill()
    assert ploutos("data", "panels=prune", "unused_days=0", f"panel.folder={panels}").code == 0
    assert not new.exists()


def test_what_is_not_ours_is_named_and_left(ploutos: Call, panels: Path, tmp_path: Path) -> None:
    new, old = both(panels)
    (panels / "thesis").mkdir()
    (panels / "thesis" / "chapter.txt").write_text("mine")
    shutil.copytree(old, panels / ("1" * 64))  # the manifest of another address
    (tmp_path / "home").mkdir()
    (panels / ("2" * 64)).symlink_to(tmp_path / "home")
    for task in ("list", "prune"):
        told = ploutos("data", f"panels={task}", "unused_days=0", f"panel.folder={panels}")
        assert told.code == 0
        for name in ("thesis", "1" * 64, "2" * 64):
            (line,) = (line for line in told.out.splitlines() if line.startswith(f"not ours: {name}  ("))
            assert line.endswith("); left")
    assert not new.exists() and not old.exists()
    assert (panels / "thesis" / "chapter.txt").read_text() == "mine"
    assert (panels / ("1" * 64) / "features.npy").is_file() and (panels / ("2" * 64)).is_symlink()


def test_a_folder_that_is_not_marked_is_refused(ploutos: Call, panels: Path) -> None:
    (panels / ".ploutos-panels").unlink()
    told = ploutos("data", "panels=prune", "unused_days=0", f"panel.folder={panels}")
    one_line(told, f"panel.folder: '{panels}' has no '.ploutos-panels'")
    assert len(list(panels.glob("*/manifest.json"))) == 2
    assert list(Path.cwd().iterdir()) == []
    assert ploutos("data", *MARKET, f"panel.folder={panels}").code == 0  # marks it
    assert ploutos("data", "panels=prune", f"panel.folder={panels}").code == 0
    none = ploutos("data", "panels=prune", "panel.folder=nowhere")
    assert (none.code, none.out) == (0, "removed 0 panels, 0.0 MB, from nowhere\n")


def test_what_a_killed_build_left_is_counted(ploutos: Call, panels: Path, tmp_path: Path) -> None:
    building = start(
        "data", *MARKET, "data.n_assets=300", "data.years=6", f"panel.folder={panels}", folder=tmp_path
    )
    left = wait_until(lambda: list(panels.glob(".*.building-*/prices.npy")))[0].parent
    under_way = ploutos("data", "panels=list", f"panel.folder={panels}")
    assert under_way.out.splitlines()[-1].startswith("2 panels, ")
    building.kill()
    finish(building)
    size = sum(path.stat().st_size for path in left.iterdir())
    told = ploutos("data", "panels=list", f"panel.folder={panels}")
    counted = f"1 unfinished builds, {size / 1e6:,.1f} MB"
    assert told.out.splitlines()[-1].endswith(f" MB in {panels}; {counted}")
    told = ploutos("data", "panels=prune", "unused_days=1000", f"panel.folder={panels}")
    assert told.out.splitlines()[-1] == f"removed 0 panels, 0.0 MB, from {panels}; {counted}"
    assert not left.exists()


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
