"""Runs in a real SQLite store."""

import multiprocessing as mp
import shutil
import sqlite3

import pytest

from ploutos.tracking.controller import Controller
from ploutos.tracking.lock import Busy, file_lock
from ploutos.tracking.mlflow import NAME, PARENT, Mlflow
from ploutos.tracking.run import FLUSH_AT, Run
from ploutos.types import ConfigError, DataError


def calls_of(run, monkeypatch):
    """Return a list that grows by one entry per request to the store."""
    calls, send = [], run.client.log_batch
    monkeypatch.setattr(run.client, "log_batch", lambda *a, **k: (calls.append(k), send(*a, **k)))
    return calls


def test_the_store_is_a_database_and_an_artifact_folder(tracking, store):
    assert tracking.database.is_file() and tracking.uri == f"sqlite:///{tracking.database}"
    found = store.client.get_experiment(store.experiment_id)
    assert found.name == "tests" and found.artifact_location == (tracking.folder / "artifacts").as_uri()


def test_opening_again_finds_the_same_experiment(tracking, store):
    assert tracking.open().experiment_id == tracking.open_existing().experiment_id == store.experiment_id


def test_a_deleted_experiment_is_named_with_its_remedy(tmp_path):
    tracking = Mlflow(folder=str(tmp_path / "mlruns"), experiment="gone", busy_timeout_seconds=60)
    store = tracking.open()
    store.client.delete_experiment(store.experiment_id)
    remedy = rf"^tracking\.experiment: 'gone' was deleted .* restore --experiment-id {store.experiment_id}$"
    for opened in (tracking.open, tracking.open_existing):
        with pytest.raises(ConfigError, match=remedy):
            opened()
    store.client.restore_experiment(store.experiment_id)
    assert tracking.open().experiment_id == store.experiment_id


def test_an_experiment_that_is_not_there_is_not_made_by_looking(tracking, store):
    other = Mlflow(folder=str(tracking.folder), experiment="test", busy_timeout_seconds=60)
    with pytest.raises(ConfigError, match=r"tracking\.experiment: unknown value 'test'\. Nearest: 'tests'"):
        other.open_existing()
    assert store.client.get_experiment_by_name("test") is None
    other.require_store()


def test_a_run_and_all_it_holds(store, tmp_path):
    run = store.start("first", {"ploutos.fold": 3, PARENT: "abc"})
    run.parameters({"agent": "X", "list[0].a": "1"})
    run.metrics({"sharpe": 1.5, "bad": float("nan"), "worse": float("inf")})
    run.metrics({"loss": 2.0}, step=4)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_text("a")
    (tmp_path / "b.txt").write_text("b")
    run.artifacts(tmp_path / "folder", "inside")
    run.artifacts(tmp_path / "b.txt")
    run.finish("FAILED", "out of luck")
    data, info = store.get(run.run_id).data, store.get(run.run_id).info
    assert info.status == "FAILED" and info.run_name == "first"
    assert data.params == {"agent": "X", "list.0.a": "1"}
    assert data.metrics == {"sharpe": 1.5, "loss": 2.0}
    assert data.tags["ploutos.fold"] == "3" and data.tags["ploutos.reason"] == "out of luck"
    assert data.tags[NAME] == "first" and data.tags[PARENT] == "abc"
    assert store.artifact(run.run_id, "inside/a.txt").read_text() == "a"
    assert store.artifact(run.run_id, "b.txt").read_text() == "b"


def test_an_artifact_is_read_where_it_lies(tracking, store, tmp_path):
    run = store.start("first", {})
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a b.txt").write_text("a")
    run.artifacts(tmp_path / "folder", "inside")
    assert store.artifact(run.run_id, "inside").is_relative_to(tracking.folder / "artifacts")
    assert store.artifact(run.run_id, "inside/a b.txt").read_text() == "a"


def test_metrics_are_buffered_and_sent_in_batches(store, monkeypatch):
    run = store.start("curves", {})
    calls = calls_of(run, monkeypatch)
    for step in range(FLUSH_AT - 1):
        run.metrics({"loss": float(step)}, step)
    assert calls == []
    run.metrics({"loss": 0.5}, FLUSH_AT)
    assert len(calls) == 1
    run.metrics({f"m{k}": 1.0 for k in range(2 * FLUSH_AT + 1)})
    assert len(calls) == 4
    run.metrics({"last": 7.0})
    run.finish("FINISHED")
    assert len(calls) == 5
    history = store.client.get_metric_history(run.run_id, "loss")
    assert len(history) == FLUSH_AT and store.get(run.run_id).data.metrics["last"] == 7.0


def test_parameters_that_are_there_stay(store):
    run = store.start("twice", {})
    run.parameters({f"p{k}": "1" for k in range(120)})
    run.parameters({"p0": "2", "new": "3"})
    params = store.get(run.run_id).data.params
    assert params["p0"] == "1" and params["new"] == "3" and len(params) == 121


def test_runs_are_found_by_all_their_tags_newest_first(store):
    made = [store.start(f"n{k}", {"kind": "found", "k": k % 2}).run_id for k in range(4)]
    assert {r.info.run_id for r in store.find({"kind": "found"})} == set(made)
    assert {r.info.run_id for r in store.find({"kind": "found", "k": "1"})} == {made[1], made[3]}
    assert store.find({"kind": "lost"}) == []
    with pytest.raises(ConfigError, match="no run 'nonsense'"):
        store.get("nonsense")


def test_a_finished_run_can_be_resumed(store):
    run = store.start("again", {})
    run.finish("FINISHED")
    resumed = store.resume(run.run_id, Controller.here())
    assert isinstance(resumed, Run) and store.get(run.run_id).info.status == "RUNNING"


def test_a_moved_store_is_refused(tracking, store, tmp_path):
    shutil.copytree(tracking.folder, tmp_path / "moved")
    with pytest.raises(ConfigError, match=r"moved.*tracking\.folder=") as refused:
        Mlflow(folder=str(tmp_path / "moved"), experiment="tests", busy_timeout_seconds=60.0).open()
    assert str(tracking.folder) in str(refused.value) and "\n" not in str(refused.value)


def test_a_missing_store_is_refused_and_not_created(tmp_path):
    with pytest.raises(ConfigError, match=r"no MLflow store at .*mlflow\.db"):
        Mlflow(
            folder=str(tmp_path / "nowhere"), experiment="tests", busy_timeout_seconds=60.0
        ).open_existing()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"not a database" * 100])
def test_a_file_that_is_no_store_is_refused_and_left_alone(tmp_path, content):
    (tmp_path / "mlflow.db").write_bytes(content)
    with pytest.raises(DataError, match="is not an MLflow store"):
        Mlflow(folder=str(tmp_path), experiment="tests", busy_timeout_seconds=60.0).open_existing()
    assert (tmp_path / "mlflow.db").read_bytes() == content


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"tracking\.folder: cannot write") as refused:
        Mlflow(folder=str(tmp_path / "file" / "inside"), experiment="tests", busy_timeout_seconds=60.0).open()
    assert "\n" not in str(refused.value)


def open_in_child(folder, barrier, results):
    barrier.wait()
    try:
        store = Mlflow(folder=folder, experiment="together", busy_timeout_seconds=60.0).open()
        results.put(store.start("child", {}).run_id)
    except BaseException as error:
        results.put(error)


def test_four_processes_open_a_fresh_store_at_once(tmp_path):
    context = mp.get_context("forkserver")  # imports MLflow once, not four times
    context.set_forkserver_preload(["mlflow", "mlflow.store.tracking.sqlalchemy_store"])
    barrier, results = context.Barrier(4), context.Queue()
    children = [
        context.Process(target=open_in_child, args=(str(tmp_path), barrier, results)) for _ in range(4)
    ]
    for child in children:
        child.start()
    told = [results.get(timeout=60) for _ in children]
    for child in children:
        child.join(10)
    assert all(isinstance(t, str) for t in told), told
    with sqlite3.connect(tmp_path / "mlflow.db") as connection:
        assert connection.execute("select count(*) from runs").fetchone() == (4,)
        assert connection.execute("select count(*) from experiments where name='together'").fetchone() == (1,)
    connection.close()


def hold(path, held, release):
    with file_lock(path, wait=False, what="study x"):
        held.set()
        release.wait(30)


def test_a_lock_is_held_by_one_process_and_dies_with_it(tmp_path):
    context = mp.get_context("spawn")
    held, release = context.Event(), context.Event()
    path = tmp_path / "deep" / "a.lock"
    child = context.Process(target=hold, args=(path, held, release))
    child.start()
    assert held.wait(30)
    with (
        pytest.raises(Busy, match=r"study x: another process is at it"),
        file_lock(path, wait=False, what="study x"),
    ):
        pass
    child.kill()
    child.join(10)
    with file_lock(path, wait=False, what="study x"):
        pass


def test_a_lock_is_free_after_an_error(tmp_path):
    with pytest.raises(RuntimeError), file_lock(tmp_path / "l", wait=False, what="x"):
        raise RuntimeError
    with file_lock(tmp_path / "l", wait=False, what="x"):
        pass
