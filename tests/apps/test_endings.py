"""Commands that a signal, a kill, a lock or a full disk ends, and what the next one finds."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import CHECKS, MAIN, TINY, Ended, run
from interrupting import running_jobs, store_of
from processes import of_session, seconds_until, send, shared_memory_of

from ploutos.tracking.orphans import ENDED

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc"),
]
GONE_SECONDS, ENDED_SECONDS = 2.0, 5.0
SLACK_SECONDS = 6.0  # of a machine that is busy
JOBLIB = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
LONG = "agent.total_steps=1000000"  # nobody waits for these


class Started:
    """A command in a session of its own, with what it has told so far."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.told, self.errors = folder / "told.txt", folder / "errors.txt"
        with self.told.open("w") as out, self.errors.open("w") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-c", MAIN, *arguments],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                text=True,
                start_new_session=True,
            )
        self.folder = folder

    def wait_for(self, moment: Callable[[], object]) -> "Started":
        seconds_until(lambda: moment() or self.process.poll() is not None, at_most=600)
        assert self.process.poll() is None, self.ended
        return self

    def signalled(self, *signals: signal.Signals, to_all: bool) -> Ended:
        """Send `signals`; the others must be gone in time, then the command, and nothing may be left."""
        begun = time.monotonic()
        send(self.process, *signals, to_all=to_all)
        seconds_until(lambda: not of_session(self.process.pid, without=self.process.pid), at_most=60)
        assert time.monotonic() - begun < GONE_SECONDS + SLACK_SECONDS
        self.process.wait(60)
        assert time.monotonic() - begun < ENDED_SECONDS + SLACK_SECONDS
        seconds_until(lambda: not shared_memory_of(self.process.pid), at_most=30)
        return self.ended

    @property
    def ended(self) -> Ended:
        return Ended(self.process.returncode, self.told.read_text(), self.errors.read_text())


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the panel of the smallest study."""
    folder = tmp_path_factory.mktemp("panel")
    ended = run("data", *[word for word in TINY if word.partition("=")[0] in DATA], folder=folder)
    assert ended.code == 0, ended
    return folder / ".ploutos"


DATA = ("name", *(f"data.{key}" for key in ("n_assets", "start_date", "years", "bars_per_session")))
DATA = (*DATA, "data.bar_minutes", "data.delisting.per_year")


@pytest.fixture
def folder(panel: Path, tmp_path: Path) -> Path:
    shutil.copytree(panel, tmp_path / ".ploutos")
    return tmp_path


def states(folder: Path, kind: str) -> list[tuple[str, str]]:
    found = store_of(folder).find({"ploutos.kind": kind})
    return sorted((run.info.status, run.data.tags.get("ploutos.reason", "")) for run in found)


def jobs(folder: Path, count: int) -> Callable[[], bool]:
    return lambda: len(running_jobs(folder)) >= count


def one_line(ended: Ended, *says: str) -> bool:
    return ended.err.count("\n") == 1 and all(word in ended.err for word in ("ploutos: ", *says))


@pytest.mark.parametrize(
    ("number", "code", "to_all", "launcher"),
    [(signal.SIGTERM, 143, False, JOBLIB), (signal.SIGHUP, 129, True, ())],
)
def test_a_study(
    folder: Path, number: signal.Signals, code: int, to_all: bool, launcher: tuple[str, ...]
) -> None:
    study = Started(folder, "study", *TINY, *CHECKS, LONG, "fold=0", "seed=0,1", *launcher)
    study.wait_for(jobs(folder, 2 if launcher else 1))
    ended = study.signalled(number, to_all=to_all)
    why = f"interrupted by {number.name}"
    assert ended.code == code and one_line(ended, why, "the same command again"), ended
    assert states(folder, "study") == [("KILLED", why)]
    assert states(folder, "child") == [("KILLED", why)] * (2 if launcher else 1)


def test_a_study_that_is_judged_and_the_next_launch(folder: Path) -> None:
    words = ("study", *TINY, *CHECKS, "fold=0", "seed=0")
    study = Started(folder, *words)
    study.wait_for(lambda: "judging" in study.told.read_text())
    ended = study.signalled(signal.SIGTERM, to_all=False)
    assert ended.code == 143 and one_line(ended, "interrupted by SIGTERM", "judges"), ended
    assert [state for state, _ in states(folder, "study")] == ["KILLED"]
    assert [state for state, _ in states(folder, "child")] == ["FINISHED"]
    again = run(*words, folder=folder)
    assert again.code == 0, again
    assert [state for state, _ in states(folder, "study")] == ["FINISHED"]
    assert len(states(folder, "child")) == 1


def test_a_run_that_was_killed_and_one_that_is_terminated(folder: Path) -> None:
    words = ("train", *TINY, *CHECKS, LONG)
    killed = Started(folder, *words).wait_for(jobs(folder, 1))
    killed.process.kill()
    killed.process.wait()
    assert seconds_until(lambda: not running_jobs(folder), at_most=60) < GONE_SECONDS + SLACK_SECONDS
    assert states(folder, "run") == [("RUNNING", "")]
    # Another launch, a grid under joblib, finds it; its own runs are closed by the signal.
    grid = Started(folder, *words, "-m", "seed=1,2", *JOBLIB)
    grid.wait_for(lambda: len(running_jobs(folder)) == 2)
    assert states(folder, "run")[0] == ("KILLED", ENDED)
    ended = grid.signalled(signal.SIGTERM, to_all=True)
    assert ended.code == 143 and one_line(ended, "interrupted by SIGTERM"), ended
    assert [state for state, _ in states(folder, "run")] == ["KILLED"] * 3


@pytest.mark.parametrize("verb", ["data", "audit"])
def test_a_panel_that_is_built(tmp_path: Path, verb: str) -> None:
    words = [word for word in TINY if word.partition("=")[0] in DATA] if verb == "data" else TINY
    command = Started(tmp_path, verb, *words)
    command.wait_for(lambda: list((tmp_path / ".ploutos").glob("panels/*")))
    ended = command.signalled(signal.SIGTERM, to_all=True)
    assert ended.code == 143 and one_line(ended, "interrupted by SIGTERM"), ended


def test_a_database_that_stays_locked_is_no_usage_error(folder: Path) -> None:
    from ploutos.tracking.mlflow import Mlflow

    tracking = Mlflow(folder=str(folder / "mlruns"), experiment="ploutos", busy_timeout_seconds=60.0)
    tracking.open()
    hold = "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
    hold += " c.execute('BEGIN EXCLUSIVE'); print(flush=True); time.sleep(600)"
    with subprocess.Popen(
        [sys.executable, "-c", hold, str(tracking.database)], stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None and other.stdout.readline()
        short = "tracking.busy_timeout_seconds=1"
        ended = run("train", *TINY, *CHECKS, short, folder=folder)
        other.kill()
    assert ended.code == 1 and one_line(ended, "locked", "tracking.busy_timeout_seconds"), ended


def test_a_disk_that_fills_and_the_next_launch(folder: Path) -> None:
    words = ("study", *TINY, *CHECKS, "fold=0", "seed=0,1", *JOBLIB)
    study = Started(folder, *words).wait_for(jobs(folder, 2))
    size = (folder / "mlruns" / "mlflow.db").stat().st_size
    for number in of_session(study.process.pid):
        resource.prlimit(number, resource.RLIMIT_FSIZE, (size, size))
    study.process.wait(600)
    ended = study.ended
    assert ended.code == 1 and ended.err.count("\n") == 1, ended
    seconds_until(lambda: not of_session(study.process.pid), at_most=30)
    again = run(*words, folder=folder)
    assert again.code == 0, again
    assert {state for state, _ in states(folder, "study")} == {"FINISHED"}
    assert "RUNNING" not in {state for state, _ in states(folder, "child")}


def test_the_tests_see_the_processes_of_a_session() -> None:
    assert os.getpid() in of_session(os.getsid(0))
