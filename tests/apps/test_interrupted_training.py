"""Training that is interrupted goes on where it was and ends as if nothing had happened."""

import hashlib
import json
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest
from commands import CHECKS, TINY, Ended, finish, run, start
from interrupting import checkpoints, job_beyond, newest, running_jobs, store_of, wait_until, weights

from ploutos.tracking.mlflow import PARENT

HOUSE = Path(__file__).parents[1]
PATHS = [str(HOUSE), *filter(None, [os.environ.get("PYTHONPATH")])]
OWN = {"PYTHONPATH": os.pathsep.join(PATHS), "PLOUTOS_TRUST": "climbing"}
ROUNDS, STEPS = 30, 64  # steps a round
CLIMBER = [
    *("--config-dir", str(HOUSE / "climbing" / "conf"), "agent=climber", "ensemble=mean"),
    *("env/action=target_weights", f"agent.rounds={ROUNDS}", "agent.pause_seconds=0.25"),
    *("checkpoints.every_seconds=0", *CHECKS),
    *(word for word in TINY if not word.startswith("agent.")),
]
STUDY = ("study", *CLIMBER, "fold=0", "seed=0,1")
TRAIN = ("train", *CLIMBER, "agent/stopping=validation", "agent.stopping.every_steps=256")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="finds jobs in /proc"),
]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    ended = run(*STUDY, folder=folder, **OWN)
    assert ended.code == 0, ended
    assert not checkpoints(folder)
    return folder


def test_a_study_that_is_stopped_and_whose_worker_is_killed(undisturbed: Path, tmp_path: Path) -> None:
    shutil.copytree(undisturbed / ".ploutos", tmp_path / ".ploutos")
    process = start(*STUDY, folder=tmp_path, **OWN)
    _, told = job_beyond(tmp_path, 8 * STEPS)
    assert told["resumed_at"] is None and 0 < told["steps_per_second"] < 64 / 0.25
    os.killpg(process.pid, signal.SIGINT)
    assert finish(process).code == 130
    assert len(checkpoints(tmp_path)) == 1

    process = start(*STUDY, folder=tmp_path, **OWN)
    job, told = job_beyond(tmp_path, 20 * STEPS)
    assert told["resumed_at"] >= 7 * STEPS
    os.kill(job, signal.SIGKILL)
    ended = finish(process)
    assert ended.code == 1 and "goes on at step" in ended.out, ended
    children = newest(tmp_path, "outputs/*/*/*/verdict.json")["children"]
    assert [child["state"] for child in children] == ["KILLED", "FINISHED"]
    assert len(checkpoints(tmp_path)) == 1

    ended = run(*STUDY, folder=tmp_path, **OWN)
    assert ended.code == 0, ended
    one, two = (newest(folder, "outputs/*/*/*/verdict.json") for folder in (undisturbed, tmp_path))
    assert one["equity_sha256"] == two["equity_sha256"]
    for theirs, ours in zip(one["children"], two["children"], strict=True):
        assert ours["metrics"] == theirs["metrics"] and ours["key"] == theirs["key"]
        assert weights(tmp_path, ours["run_id"]) == weights(undisturbed, theirs["run_id"])
    assert not checkpoints(tmp_path)

    store = store_of(tmp_path)
    resumed = store.get(two["children"][0]["run_id"])
    assert int(resumed.data.tags["ploutos.resumed_at_step"]) >= 19 * STEPS
    assert resumed.data.tags["ploutos.threads"] == "torch 1, numba 1, polars 1"
    curves = [
        {m.step: m.value for m in s.client.get_metric_history(run_id, "train/reward")}
        for s, run_id in (
            (store, resumed.info.run_id),
            (store_of(undisturbed), one["children"][0]["run_id"]),
        )
    ]
    assert curves[0] == curves[1] and list(curves[0]) == [STEPS * k for k in range(1, ROUNDS + 1)]
    states = [r.info.status for r in store.find({PARENT: two["run_id"]})]
    assert sorted(states) == ["FINISHED", "FINISHED", "KILLED", "KILLED"]


def test_a_run_whose_launcher_is_killed_and_whose_checkpoint_is_damaged(
    undisturbed: Path, tmp_path: Path
) -> None:
    shutil.copytree(undisturbed / ".ploutos", tmp_path / ".ploutos")
    process = start(*TRAIN, folder=tmp_path, **OWN)
    job_beyond(tmp_path, 6 * STEPS)
    store = store_of(tmp_path)
    (alive,) = store.find({"ploutos.kind": "run"})

    def live() -> dict[str, float]:
        figures: dict[str, float] = store.get(alive.info.run_id).data.metrics
        return (
            figures if {"train/reward", "validation/sharpe", "validation/best_step"} <= set(figures) else {}
        )

    assert (
        wait_until(live) and job_beyond(tmp_path, 0) and store.get(alive.info.run_id).info.status == "RUNNING"
    )
    os.kill(process.pid, signal.SIGKILL)
    finish(process)
    wait_until(lambda: not running_jobs(tmp_path))
    (file,) = checkpoints(tmp_path)
    file.write_bytes(file.read_bytes()[:-100])

    process = start(*TRAIN, folder=tmp_path, **OWN)
    job, told = job_beyond(tmp_path, 9 * STEPS)
    assert told["resumed_at"] is None
    os.kill(job, signal.SIGKILL)
    ended = finish(process)
    assert ended.code == 1 and "KILLED" in ended.err and "SIGKILL" in ended.err, ended
    (log,) = [p for p in tmp_path.glob("outputs/train/*/*/job/job.log") if p.stat().st_size]
    assert log.read_text().count("\n") == 1 and "is not used, training starts anew" in log.read_text()

    ended = run(*TRAIN, folder=tmp_path, **OWN)
    assert ended.code == 0 and "the run goes on at step" in ended.out, ended
    fresh = run(*TRAIN, folder=tmp_path, **OWN)
    assert fresh.code == 0 and "goes on" not in fresh.out, "a finished run leaves nothing to go on from"
    results = [json.loads(p.read_text()) for p in sorted(tmp_path.glob("outputs/train/*/*/job/result.json"))]
    assert len(results) == 2 and results[0] == results[1]
    policies = [
        hashlib.sha256(p.read_bytes()).hexdigest() for p in tmp_path.glob("outputs/**/policy/weights.pt")
    ]
    assert len(policies) == 2 and len(set(policies)) == 1
    ended_well = [r for r in store.find({"ploutos.kind": "run"}) if r.info.status == "FINISHED"]
    for r in ended_well:
        training = results[0]["training"]
        assert r.data.metrics["training_best_step"] == training["best_step"]
        assert r.data.metrics["training_steps"] == training["steps"]
        assert "best on the validation window after" in r.data.tags["ploutos.training"]
        best = {m.step: m.value for m in store.client.get_metric_history(r.info.run_id, "validation/sharpe")}
        assert best[int(training["best_step"])] == training["best_value"] == max(best.values())
        # Judged in training, and by the backtest of the policy that was kept: the same window.
        assert r.data.metrics["validation_sharpe"] == pytest.approx(training["best_value"], rel=1e-3)


def test_resume_false_trains_anew(undisturbed: Path, tmp_path: Path) -> None:
    shutil.copytree(undisturbed / ".ploutos", tmp_path / ".ploutos")
    process = start(*TRAIN, folder=tmp_path, **OWN)
    job, _ = job_beyond(tmp_path, 4 * STEPS)
    os.kill(job, signal.SIGKILL)
    finish(process)
    assert checkpoints(tmp_path)
    process = start(*TRAIN, "resume=false", folder=tmp_path, **OWN)
    _, told = job_beyond(tmp_path, 1)
    assert told["resumed_at"] is None
    os.killpg(process.pid, signal.SIGINT)
    ended = finish(process)
    assert ended.code == 130 and "interrupted" in ended.err


def test_stopping_by_validation_needs_a_window(tmp_path: Path) -> None:
    ended: Ended = run(*TRAIN, "split.validation_months=0", folder=tmp_path, **OWN)
    assert ended.code == 2 and ended.err.count("\n") == 1, ended
    assert "agent.stopping: fold 0" in ended.err and "split.validation_months" in ended.err
    assert not list(tmp_path.glob("outputs/*")) and not list(tmp_path.glob("mlruns"))
