"""A database that another process has locked, and one without room."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from locking import locked

from ploutos.apps.job_monitor import JobMonitor
from ploutos.tracking import deadline, waiting
from ploutos.tracking.mlflow import Mlflow, Store
from ploutos.tracking.waiting import StoreBusy, StoreFull


@pytest.fixture
def impatient(tracking: Mlflow, store: Store) -> Store:
    """The store of the other tests, waited for for a second."""
    return Mlflow(folder=str(tracking.folder), experiment="tests", busy_timeout_seconds=1.0).open()


def test_what_is_told_waits_until_the_lock_is_gone(tracking: Mlflow, store: Store) -> None:
    run = store.start("waits", {})
    with locked(tracking.database, seconds=3) as until:
        run.metrics({"sharpe": 1.5})
        run.finish("FINISHED", "in the end")
        assert time.monotonic() > until - 0.1
    kept = store.get(run.run_id)
    assert kept.info.status == "FINISHED" and kept.data.metrics == {"sharpe": 1.5}
    assert kept.data.tags["ploutos.reason"] == "in the end"


def test_opening_waits_as_well(tracking: Mlflow, store: Store) -> None:
    with locked(tracking.database, seconds=2) as until:
        assert tracking.open_existing().experiment_id == store.experiment_id
        assert time.monotonic() > until - 0.1


def test_the_patience_ends_in_one_line(tracking: Mlflow, impatient: Store) -> None:
    run = impatient.start("gives up", {})
    with locked(tracking.database, seconds=60):
        begun = time.monotonic()
        with pytest.raises(StoreBusy, match=r"locked.*tracking\.busy_timeout_seconds") as refused:
            run.tags({"a": 1})
        assert 1 <= time.monotonic() - begun < 20
        assert "\n" not in str(refused.value) and str(tracking.database) in str(refused.value)
        hasty = Mlflow(folder=str(tracking.folder), experiment="tests", busy_timeout_seconds=0.1)
        with pytest.raises(StoreBusy):
            hasty.open_existing()
        assert run.close("FINISHED") is not None
    assert run.close("FINISHED") is None
    assert impatient.get(run.run_id).info.status == "FINISHED"


def test_after_a_signal_nothing_waits_long(
    tracking: Mlflow, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = store.start("ends", {})
    with locked(tracking.database, seconds=60):
        begun = time.monotonic()
        monkeypatch.setattr(deadline, "give_up_at", begun + 0.5)
        assert run.close("KILLED", "interrupted") is not None
        assert time.monotonic() - begun < 20


def test_curves_do_not_wait_and_are_told_later(tracking: Mlflow, store: Store, tmp_path: Path) -> None:
    monitor = JobMonitor(tmp_path, store.start("trains", {}))
    monitor.resume({})
    with locked(tracking.database, seconds=60):
        begun = time.monotonic()
        for step in range(3):
            monitor._flushed = float("-inf")  # as if the last time were long ago
            monitor.curves({"loss": float(step)}, step)
            monitor.progress(step, 3)
        assert time.monotonic() - begun < 20
    monitor.run.flush()
    kept = store.get(monitor.run.run_id)
    history = store.client.get_metric_history(monitor.run.run_id, "loss")
    assert [point.value for point in history] == [0.0, 1.0, 2.0]
    assert kept.data.tags["ploutos.resumed_at_step"] == "0"


def test_mlflow_logs_nothing_about_it(
    tracking: Mlflow, impatient: Store, capfd: pytest.CaptureFixture[str]
) -> None:
    run = impatient.start("quiet", {})
    with locked(tracking.database, seconds=60), pytest.raises(StoreBusy):
        run.tags({"a": 1})
    assert capfd.readouterr().err == ""


def test_a_full_database_is_one_line_and_works_again_with_room(tmp_path: Path, tracking: Mlflow) -> None:
    from sqlalchemy import event

    other = Mlflow(folder=str(tmp_path / "full"), experiment="full", busy_timeout_seconds=60.0)
    store = other.open()
    engine = store.client._tracking_client.store.engine
    run = store.start("large", {})
    room = {"pages": 0}  # none but those that it has

    def limit(connection: object, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {room['pages'] or 1}")  # type: ignore[attr-defined]

    event.listen(engine, "connect", limit)
    engine.dispose()
    with pytest.raises(StoreFull, match="database or disk is full") as refused:
        for k in range(2_000):
            run.tags({f"tag{k}": "x" * 400})
    assert "\n" not in str(refused.value) and str(other.folder) in str(refused.value)
    assert run.close("FAILED", "x" * 2000) is not None
    room["pages"] = 1_000_000
    engine.dispose()
    assert run.close("FAILED", "no room") is None
    assert store.get(run.run_id).info.status == "FAILED"


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process")
@pytest.mark.parametrize("kilobytes", [60, 800])
def test_no_room_for_a_new_database_leaves_none(tmp_path: Path, kilobytes: int) -> None:
    """The limit is that of another process, which opens the store; this one has room."""
    program = (
        "import resource, sys; from ploutos.tracking.mlflow import Mlflow;"
        f" resource.setrlimit(resource.RLIMIT_FSIZE, ({kilobytes}_000,) * 2);"
        " Mlflow(folder=sys.argv[1], experiment='new', busy_timeout_seconds=60.0).open()"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True)
    assert ended.returncode == 1 and "StoreFull" in ended.stderr.splitlines()[-1], ended
    assert not (tmp_path / "mlflow.db").exists()
    opened = Mlflow(folder=str(tmp_path), experiment="new", busy_timeout_seconds=60.0).open()
    assert opened.find({}) == [] and not list(tmp_path.glob("*.partial*"))


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(28, "No space left on device"), True),
        (OSError(122, "Disk quota exceeded"), True),
        (RuntimeError("(sqlite3.OperationalError) disk I/O error\n[SQL: ...]"), True),
        (RuntimeError("(sqlite3.OperationalError) unable to open database file"), False),
        (ValueError("no such column"), False),
    ],
)
def test_what_a_full_disk_says(error: Exception, full: bool, tmp_path: Path) -> None:
    def fail() -> None:
        raise error

    patience = waiting.Patience(tmp_path / "mlflow.db", 60)
    with pytest.raises(StoreFull if full else type(error)) as raised:
        patience.call(fail)
    assert full == ("make room" in str(raised.value))


def test_a_journal_that_finds_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("(sqlite3.OperationalError) unable to open database file")

    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=0))
    with pytest.raises(StoreFull, match="unable to open database file"):
        waiting.Patience(tmp_path / "mlflow.db", 60).call(fail)


def test_an_interrupt_is_not_taken_for_a_lock(tmp_path: Path) -> None:
    calls = []

    def interrupted() -> None:
        calls.append(1)
        try:
            raise RuntimeError("database is locked")
        except RuntimeError:
            raise KeyboardInterrupt from None

    with pytest.raises(KeyboardInterrupt):
        waiting.Patience(tmp_path / "mlflow.db", 60).call(interrupted)
    assert calls == [1]
