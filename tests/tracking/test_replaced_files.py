"""Files are replaced whole; links are never followed; two names of one file where the disk can do that."""

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from ploutos.tracking.files import head, is_plain_file, replace_file, set_aside, share
from ploutos.tracking.mlflow import Mlflow
from ploutos.types import ConfigError


def test_a_link_is_replaced_and_what_it_points_to_is_left(tmp_path: Path) -> None:
    (tmp_path / "thesis").write_text("mine")
    (tmp_path / "report.html").symlink_to(tmp_path / "thesis")
    (tmp_path / ".report.html.part").write_text("mine")
    replace_file(tmp_path / "report.html", b"page")
    assert (tmp_path / "thesis").read_text() == "mine" and not (tmp_path / "report.html").is_symlink()
    assert (tmp_path / "report.html").read_bytes() == b"page"
    assert {path.name for path in tmp_path.iterdir()} == {"thesis", "report.html", ".report.html.part"}


def test_a_write_that_fails_leaves_the_old_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "report.html").write_text("old")

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        replace_file(tmp_path / "report.html", b"page")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("report.html", "old")]


def test_aside_takes_the_first_free_name(tmp_path: Path) -> None:
    (tmp_path / "a.set-aside-1").symlink_to(tmp_path / "nowhere")
    (tmp_path / "a.set-aside-2").mkdir()
    (tmp_path / "a").write_text("mine")
    assert set_aside(tmp_path / "a") == tmp_path / "a.set-aside-3"
    assert (tmp_path / "a.set-aside-3").read_text() == "mine"
    assert (tmp_path / "a.set-aside-1").is_symlink() and not (tmp_path / "a").exists()


def test_the_head_of_a_file_is_read_of_plain_files_only(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"0123456789")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    os.mkfifo(tmp_path / "pipe")
    assert head(tmp_path / "file", 4) == b"0123" and is_plain_file(tmp_path / "file")
    for name in ("link", "pipe", ".", "nowhere"):
        assert head(tmp_path / name, 4) == b"" and not is_plain_file(tmp_path / name)


def test_two_names_are_one_file_until_one_is_replaced(tmp_path: Path) -> None:
    report, kept = tmp_path / "outputs" / "report.html", tmp_path / "store" / "artifacts" / "report.html"
    replace_file(report, b"first")
    assert share(report, kept) and report.samefile(kept)
    replace_file(report, b"second")
    assert kept.read_bytes() == b"first"
    assert share(report, kept) and kept.read_bytes() == b"second"
    assert [path.name for path in kept.parent.iterdir()] == ["report.html"]


def test_a_disk_without_links_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    (tmp_path / "a").write_text("mine")
    (tmp_path / "b").write_text("other")
    assert not share(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "other" and len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("can_link", [True, False])
def test_a_report_is_logged_either_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, can_link: bool
) -> None:
    store = Mlflow(folder=str(tmp_path / "mlruns"), experiment="x", busy_timeout_seconds=60.0).open()
    run = store.start("a", {})
    report = tmp_path / "outputs" / "report.html"
    replace_file(report, b"first")
    run.linked(report)
    kept = store.artifact(run.run_id, "report.html")
    assert kept.samefile(report)
    if not can_link:
        monkeypatch.setattr(Path, "hardlink_to", lambda self, target: (_ for _ in ()).throw(OSError(18, "x")))
    again = tmp_path / "again" / "report.html"
    replace_file(again, b"second")
    run.linked(again)
    assert kept.read_bytes() == b"second" and kept.samefile(again) is can_link
    assert report.read_bytes() == b"first"  # of the first folder: not written into


def test_the_database_of_another_program_is_left(tmp_path: Path) -> None:
    (tmp_path / "mlruns").mkdir()
    database = tmp_path / "mlruns" / "mlflow.db"
    with sqlite3.connect(database) as connection:
        connection.execute("create table photos (id integer)")
    connection.close()
    before = database.read_bytes()
    with pytest.raises(ConfigError, match=r"^tracking\.folder: .* of another program \(it has 'photos'"):
        Mlflow(folder=str(tmp_path / "mlruns"), experiment="x", busy_timeout_seconds=60.0).open()
    assert database.read_bytes() == before
