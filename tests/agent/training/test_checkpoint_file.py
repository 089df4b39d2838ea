"""One file that is whole, its own, and nothing but numbers - or is not used."""

import json
import logging
import os
import pickle
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import torch

from ploutos.agent.training.arrays import as_arrays, as_tensors
from ploutos.agent.training.checkpoint_file import FORMAT, CheckpointFile, require_plain
from ploutos.agent.training.files import Files

STATE = {
    "weights": {"a": torch.arange(6.0).reshape(2, 3), "b": torch.tensor([True, False])},
    "adam": {"state": {0: {"step": torch.tensor(3.0)}}, "param_groups": [{"lr": 1e-3, "betas": (0.9, 0.99)}]},
    "generators": json.dumps({"state": 2**127}),
    "done": 12,
    "best": None,
}


def kept(folder, key="k", every_seconds=0.0) -> CheckpointFile:
    return CheckpointFile(folder / "x" / f"{key}.pt", key=key, every_seconds=every_seconds)


def same(one, two) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, two) and one.dtype == two.dtype
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(same(one[k], two[k]) for k in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(two) and all(map(same, one, two))
    return bool(one == two) and type(one) is type(two)


def test_what_is_saved_is_loaded(tmp_path):
    assert kept(tmp_path).load() is None
    kept(tmp_path).save(STATE)
    assert same(kept(tmp_path).load(), STATE)
    kept(tmp_path).save(STATE | {"done": 13})
    assert kept(tmp_path).load()["done"] == 13
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["k.pt"]


def changed(path: Path, how: str) -> None:
    content = path.read_bytes()
    head, _, body = content.partition(b"\n")
    about = json.loads(head)
    if how == "one bit":
        middle = len(head) + len(body) // 2
        content = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    elif how == "cut short":
        content = content[: len(content) // 2]
    elif how == "empty":
        content = b""
    elif how == "text":
        content = b"[1, 2]\nhello"
    elif how == "other key":
        content = json.dumps(about | {"key": "other"}).encode() + b"\n" + body
    elif how == "later format":
        content = json.dumps(about | {"format": FORMAT + 1}).encode() + b"\n" + body
    path.write_bytes(content)


@pytest.mark.parametrize("how", ["one bit", "cut short", "empty", "text", "other key", "later format"])
def test_a_damaged_or_foreign_file_is_one_line_and_a_new_start(tmp_path, caplog, how):
    file = kept(tmp_path)
    file.save(STATE)
    changed(file.path, how)
    with caplog.at_level(logging.WARNING):
        assert file.load() is None
    (line,) = caplog.messages
    assert str(file.path) in line and "starts anew" in line and "\n" not in line
    file.save(STATE)
    assert same(file.load(), STATE)


class Bomb:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return (os.mkdir, (str(self.mark),))


def test_a_file_cannot_run_code(tmp_path, caplog):
    """Hash and key are right: whoever writes the file can compute both."""
    import hashlib

    mark = tmp_path / "ran"
    body = pickle.dumps({"state": Bomb(mark)})
    head = {"format": FORMAT, "key": "k", "sha256": hashlib.sha256(body).hexdigest()}
    file = kept(tmp_path)
    file.path.parent.mkdir()
    file.path.write_bytes(json.dumps(head).encode() + b"\n" + body)
    assert file.load() is None and len(caplog.messages) == 1
    assert not mark.exists()


@pytest.mark.parametrize(
    ("state", "where"),
    [
        ({"a": {"b": [1, np.float64(2)]}}, r"state\.a\.b\[1\] is a float64"),
        ({"a": np.zeros(2)}, r"state\.a is a ndarray"),
        ({"a": {1.5: 2}}, r"state\.a has the key 1\.5"),
        ({"a": torch.nn.Linear(1, 1)}, r"state\.a is a Linear"),
        ({"a": timedelta(1)}, r"state\.a is a timedelta"),
    ],
)
def test_what_could_not_be_read_back_is_refused_by_its_place(tmp_path, state, where):
    with pytest.raises(TypeError, match=where):
        kept(tmp_path).save(state)
    require_plain(as_tensors({"a": [1, np.float64(2)], "b": np.zeros(2)}))


def test_arrays_come_back_as_they_were():
    rng = np.random.default_rng(0)
    state = {
        "ledger": {"cash": rng.normal(size=3), "age": np.arange(4, dtype=np.int32)},
        "flags": [np.array([True, False]), np.zeros((0, 2), np.float32)],
        "generators": "{}",
    }
    back = as_arrays(as_tensors(state))
    for one, two in (
        (state["ledger"]["cash"], back["ledger"]["cash"]),
        (state["ledger"]["age"], back["ledger"]["age"]),
        (state["flags"][0], back["flags"][0]),
        (state["flags"][1], back["flags"][1]),
    ):
        np.testing.assert_array_equal(one, two)
        assert one.dtype == two.dtype and not np.shares_memory(one, two)
    assert back["generators"] == "{}"


WRITER = """
import sys, torch
from pathlib import Path
from ploutos.agent.training.checkpoint_file import CheckpointFile
torch.set_num_threads(1)
file = CheckpointFile(Path(sys.argv[1]), key="k", every_seconds=0)
for k in range(10**9):
    file.save({"k": k, "ones": torch.full((200_000,), float(k))})
    print(k, flush=True)
"""


def test_killed_while_it_writes_a_whole_one_is_there(tmp_path):
    path, last = tmp_path / "k.pt", -1
    for wait in (0.0, 0.003, 0.011):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
        )
        with writer:
            told = [int(writer.stdout.readline()) for _ in range(3)]
            time.sleep(wait)
            writer.send_signal(signal.SIGKILL)
            told += [int(line) for line in writer.stdout if line.endswith("\n")]
        state = CheckpointFile(path, key="k", every_seconds=0).load()
        assert state is not None and state["k"] >= told[-1] > last
        assert (state["ones"] == state["k"]).all()


def test_saving_is_due_after_some_seconds_and_takes_a_hundredth_of_the_time(tmp_path):
    assert kept(tmp_path).due()
    file = kept(tmp_path, every_seconds=0.05)
    assert not file.due()
    time.sleep(0.06)
    assert file.due()
    begun = time.monotonic()
    file.save({"large": torch.zeros(1_000_000)})
    took = time.monotonic() - begun
    assert not file.due()
    time.sleep(0.06)
    assert file.due() == (100 * took < 0.06)


def test_a_disk_that_cannot_be_written_costs_the_checkpoint_alone(tmp_path, caplog):
    (tmp_path / "x").touch()
    kept(tmp_path).save(STATE)
    (line,) = caplog.messages
    assert "cannot be written" in line and "\n" not in line


NEW, OLD, DONE = "a" * 32, "b" * 32, "c" * 32
DAY = 86_400


def aged(path: Path, days: float = 40) -> None:
    then = time.time() - days * DAY
    os.utime(path, (then, then), follow_symlinks=False)


def test_files_are_found_discarded_and_forgotten(tmp_path):
    files = Files(folder=str(tmp_path / "c"), every_seconds=0, keep_days=2)
    files.prune()
    for key in (NEW, OLD, DONE):
        files.of(key).save(STATE)
    leftover = tmp_path / "c" / f"{OLD}.pt.123.tmp"
    leftover.write_bytes(files.path(OLD).read_bytes()[:-1000])
    files.discard(DONE)
    files.discard("d" * 32)
    aged(files.path(OLD), 3)
    aged(leftover, 3)
    files.prune()
    assert [path.name for path in (tmp_path / "c").iterdir()] == [f"{NEW}.pt"]
    assert same(files.of(NEW).load(), STATE)


def plant(folder: Path, outside: Path) -> None:
    """Put files of other people into `folder`, as old as can be, some named as ours are."""
    folder.mkdir(parents=True)
    outside.mkdir()
    torch.save({"weights": torch.ones(3)}, folder / "model.pt")
    (folder / f"{'1' * 32}.pt").write_bytes((folder / "model.pt").read_bytes())
    head = {"format": FORMAT, "key": "2" * 32, "sha256": "0" * 64}
    heads = {
        f"{'3' * 32}.pt": json.dumps(head),  # of another key
        f"{'2' * 32}.pt": json.dumps(head),  # without the end of the line
        f"{'4' * 32}.pt": json.dumps(head | {"key": "4" * 32, "title": "thesis"}) + "\n",
        f"{'5' * 32}.pt": "[]\n",
        f"{'6' * 32}.pt": "[" * 4000 + "\n",
        f"{'7' * 32}.pt": "",
        f"{'7' * 32}.pt.77.tmp": "",
        "thesis.pt": json.dumps(head | {"key": "thesis"}) + "\nmine",
        f"{'8' * 32}.pt.txt": json.dumps(head | {"key": "8" * 32}) + "\nmine",
        f"{'9' * 32}.pth": json.dumps(head | {"key": "9" * 32}) + "\nmine",
        f"{'A' * 32}.pt": json.dumps(head | {"key": "A" * 32}) + "\nmine",
        "yolov8.pt.bak": "mine",
        "notes.pt.123.tmp": "mine",
        ".ptconfig": "mine",
    }
    for name, text in heads.items():
        (folder / name).write_text(text)
    kept(outside, "b" * 32).save(STATE)  # a checkpoint of ours, elsewhere
    ours = outside / "x" / f"{'b' * 32}.pt"
    aged(ours)
    (folder / f"{'b' * 32}.pt").symlink_to(ours)
    (folder / f"{'d' * 32}.pt").mkdir()
    os.mkfifo(folder / f"{'e' * 32}.pt")
    for path in folder.iterdir():
        aged(path)


def listing(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def test_files_of_others_are_never_deleted(tmp_path):
    folder = tmp_path / "c"
    plant(folder, tmp_path / "outside")
    files = Files(folder=str(folder), every_seconds=0, keep_days=1)
    before = listing(tmp_path)
    for key in ("f" * 32, "0" * 32):
        files.of(key).save(STATE)
        aged(files.path(key))
    files.prune()
    for digit in "123456789bde":
        files.discard(digit * 32)
    assert listing(tmp_path) == before


@pytest.mark.parametrize("digit", ["1", "2", "3", "5", "7", "b", "d", "e"])
def test_what_is_in_the_way_of_a_checkpoint_is_kept(tmp_path, digit):
    folder, key = tmp_path / "c", digit * 32
    plant(folder, tmp_path / "outside")
    before = listing(tmp_path)
    files = Files(folder=str(folder), every_seconds=0, keep_days=1)
    files.of(key).load()
    files.of(key).save(STATE)
    files.of(key).save(STATE | {"done": 13})
    assert files.of(key).load()["done"] == 13 and not files.path(key).is_symlink()
    after = listing(tmp_path)
    assert after.pop(f"c/{key}.pt.set-aside-1") == before.pop(f"c/{key}.pt")
    del after[f"c/{key}.pt"]
    assert after == before


def test_a_writer_that_was_killed_leaves_what_pruning_finds(tmp_path):
    path = tmp_path / f"{OLD}.pt"
    writer = WRITER.replace('key="k"', f'key="{OLD}"').replace("os.fsync", "")
    dying = "import os, signal\nos.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)\n" + writer
    assert subprocess.run([sys.executable, "-c", dying, str(path)], check=False).returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert left.name != path.name and left.stat().st_size > 1000
    files = Files(folder=str(tmp_path), every_seconds=0, keep_days=2)
    files.prune()
    assert left.exists()
    aged(left)
    files.prune()
    assert list(tmp_path.iterdir()) == []
