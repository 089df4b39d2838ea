"""What is seen of a training while it runs: curves in a real store, a bar, lines."""

import io
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ploutos.agent.training.files import Files
from ploutos.apps import job_monitor, progress
from ploutos.apps.job_monitor import JobMonitor, WithCurves, told
from ploutos.apps.job_progress import JobProgress, clock, read_jobs, seconds_left, share, speed
from ploutos.apps.progress import StudyProgress
from ploutos.tracking.mlflow import Mlflow, Store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Mlflow(
        folder=str(tmp_path_factory.mktemp("store")), experiment="tests", busy_timeout_seconds=60.0
    ).open()


def history(store: Store, run_id: str, name: str) -> list[tuple[int, float, int]]:
    return [(m.step, m.value, m.timestamp) for m in store.client.get_metric_history(run_id, name)]


def test_curves_are_in_the_store_while_the_run_goes_on(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_monitor, "FLUSH_SECONDS", 0.3)
    run = store.start("live", {})
    monitor = JobMonitor(tmp_path, run)
    for step in range(1, 101):
        monitor.curves({"loss": 1 / step}, step)
    assert history(store, run.run_id, "loss") == []  # not one request a call
    time.sleep(0.35)
    monitor.progress(100, 200)
    assert [(step, value) for step, value, _ in history(store, run.run_id, "loss")] == [
        (step, 1 / step) for step in range(1, 101)
    ]
    assert store.get(run.run_id).info.status == "RUNNING"


def test_a_store_that_fails_gets_the_curves_later(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(job_monitor, "FLUSH_SECONDS", 0.0)
    run = store.start("busy", {})
    there, run.run_id = run.run_id, "0" * 32
    monitor = JobMonitor(tmp_path, run)
    monitor.curves({"loss": 0.5}, 1)
    assert "curves are sent later" in caplog.text and caplog.text.count("\n") == 1
    run.run_id = there
    monitor.curves({"loss": 0.25}, 2)
    assert [(s, v) for s, v, _ in history(store, there, "loss")] == [(1, 0.5), (2, 0.25)]


def test_a_resumed_run_has_the_curves_from_the_beginning(store: Store, tmp_path: Path) -> None:
    files = Files(folder=str(tmp_path / "c"), every_seconds=0, keep_days=1)
    first, second = (store.start(name, {}) for name in ("killed", "resumed"))
    monitor = JobMonitor(tmp_path, first)
    for step in (10, 20):
        monitor.curves({"loss": 1 / step, "best": float("nan")}, step)
    WithCurves(files.of("k"), [monitor]).save({"done": 20})
    monitor.curves({"loss": 9.0}, 30)  # lost: the kill came before the next checkpoint
    first.flush()

    (tmp_path / "job").mkdir()
    again = JobMonitor(tmp_path / "job", second)
    kept = WithCurves(files.of("k"), [again])
    assert kept.load() == {"done": 20} and kept.due()
    again.progress(20, 100)
    again.curves({"loss": 1 / 30}, 30)
    second.flush()
    found = history(store, second.run_id, "loss")
    assert [(s, v) for s, v, _ in found] == [(10, 1 / 10), (20, 1 / 20), (30, 1 / 30)]
    assert found[:2] == history(store, first.run_id, "loss")[:2]  # with the times at which they were measured
    assert store.get(second.run_id).data.tags["ploutos.resumed_at_step"] == "20"
    assert read_jobs(tmp_path)[0].resumed_at == 20


def test_progress_is_written_some_times_a_second_with_the_speed_of_late(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_monitor, "RATE_SECONDS", 0.5)
    (tmp_path / "job").mkdir()
    monitor = JobMonitor(tmp_path / "job", store.start("speed", {}))
    monitor.progress(0, 1000)
    begun = time.monotonic()
    for done in range(100):  # slow, as the first steps are while kernels compile
        monitor.progress(done // 50, 1000)
    written = json.loads(monitor.path.read_text())["done"]
    assert (written == 0) == (time.monotonic() - begun < job_monitor.TELL_SECONDS)
    longest, before = 0.0, time.monotonic()
    for done in (100, 200, 300, 400, 500):
        time.sleep(0.21)
        monitor.progress(done, 1000)
        longest, before = max(longest, time.monotonic() - before), time.monotonic()
    (job,) = read_jobs(tmp_path)
    assert (job.done, job.total, job.resumed_at, job.ended) == (500, 1000, None, "")
    assert 99 / longest < job.steps_per_second < 100 / 0.21
    monitor.outcome({"steps": 500.0, "best_step": 300.0, "best_value": 1.0, "stopped_early": 1.0})
    monitor.progress(500, 500)
    (job,) = read_jobs(tmp_path)
    assert job.trained and job.ended == "500 steps (stopped early, best on the validation window after 300)"


def test_in_words() -> None:
    assert told({}) == "" and told({"steps": 12_000.0}) == "12,000 steps"
    whole = {"steps": 9.0, "best_step": 4.0, "best_value": 0.1, "stopped_early": 0.0}
    assert told(whole) == "9 steps (best on the validation window after 4)"
    assert [clock(s) for s in (None, 0, 59.6, 3725)] == ["-:--:--", "0:00:00", "0:01:00", "1:02:05"]


def job(name: str, done: int, total: int = 1000, rate: float = 0.0, **more: Any) -> JobProgress:
    fields = {"seconds": 7.0, "steps_per_second": rate, "resumed_at": None, "ended": ""} | more
    return JobProgress(name=name, done=done, total=total, **fields)


def test_time_left_counts_what_has_not_begun() -> None:
    jobs = [job("a", 1000), job("b", 500, rate=60.0), job("c", 200, rate=40.0)]
    assert share(jobs) == pytest.approx(1.7) and speed(jobs) == 100.0
    assert seconds_left(jobs, 3) == pytest.approx((500 + 800) / 100)
    assert seconds_left(jobs, 5) == pytest.approx((500 + 800 + 2 * 1000) / 100)
    between = [job("a", 1000, seconds=10.0), job("b", 700, 700, seconds=14.0)]  # 100 and 50 a second
    assert seconds_left(between, 4) == pytest.approx(2 * 850 / 75)
    assert seconds_left(between, 2) == 0
    assert seconds_left([job("a", 1000, seconds=10.0), job("b", 0)], 2) == pytest.approx(10.0)
    assert seconds_left([], 3) is None and seconds_left([job("a", 0)], 1) is None


def write(folder: Path, it: JobProgress) -> None:
    (folder / it.name).mkdir(exist_ok=True)
    fields = {name: value for name, value in it.__dict__.items() if name != "name"}
    (folder / it.name / "progress.json").write_text(json.dumps(fields))


def shown(folder: Path, jobs: int, steps: list[list[JobProgress]], **console: Any) -> str:
    """Return what is printed while the jobs go through `steps`."""
    out = io.StringIO()
    follower = StudyProgress(Console(file=out, width=110, **console), folder, jobs)
    follower.start()
    for step in steps:
        for it in step:
            write(folder, it)
        time.sleep(0.25)
    follower.stop()
    return out.getvalue()


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.1)


def test_lines_where_there_is_no_terminal(tmp_path: Path) -> None:
    ended = "700 steps (stopped early, best on the validation window after 300)"
    text = shown(
        tmp_path,
        2,
        [
            [job("fold_0-seed_0", 100, resumed_at=100)],
            [job("fold_0-seed_0", 400, rate=50.0, resumed_at=100), job("fold_0-seed_1", 0)],
            [job("fold_0-seed_0", 700, 700, rate=50.0, ended=ended, resumed_at=100)],
            [job("fold_0-seed_0", 700, 700, rate=50.0, ended=ended, resumed_at=100)],
        ],
    )
    lines = [re.sub(r"^\d\d:\d\d:\d\d ", "", line) for line in text.splitlines()]
    assert lines[0] == "fold_0-seed_0 goes on at step 100"
    assert "fold_0-seed_0: 400 of 1,000 steps, 50 steps/s, 0:00:12 left" in lines
    assert lines[-1] == f"trained fold_0-seed_0: {ended} in 7 s (1 of 2)"
    assert not any(line.startswith("fold_0-seed_1") for line in lines)


def test_a_bar_on_a_terminal(tmp_path: Path) -> None:
    text = shown(
        tmp_path,
        1,
        [[], [job("job", 250, rate=50.0)], [job("job", 1000, rate=50.0)]],
        force_terminal=True,
        color_system=None,
    )
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)
    assert "starting" in plain and "left -:--:--" in plain
    assert re.search(r"training .* 25 %  250/1,000 steps  50 steps/s 0:00:0\d left 0:00:15", plain)
    assert "backtest" in plain


def test_a_bar_of_many_runs(tmp_path: Path) -> None:
    steps = [[job("a", 1000), job("b", 500, rate=50.0)]]
    text = shown(tmp_path, 4, steps, force_terminal=True, color_system=None)
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)
    assert re.search(r"38 %  1/4 runs  50 steps/s 0:00:0\d left 0:00:50", plain)
