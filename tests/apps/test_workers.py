"""Workers of the joblib launcher end with it: by a signal, by a kill, without `pgrep`, with any backend."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from processes import of_session, seconds_until, send, shared_memory_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")
GONE_SECONDS, ENDED_SECONDS = 2.0, 5.0
SLACK_SECONDS = 6.0  # of a machine that is busy

# As a study does it: workers that wait for a job's own process, which is tied to them.
LAUNCHER = """
import signal, subprocess, sys, time
import joblib
from ploutos.apps import workers
from ploutos.apps.interrupts import interrupts, say

JOB = '''
import os, sys, time
from ploutos.apps.parent import die_with_parent, follow, leave_the_terminal
leave_the_terminal(); die_with_parent(); follow(os.getppid())
open(sys.argv[1], "w").close()
time.sleep(600)
'''

def work(path):
    process = subprocess.Popen([sys.executable, "-c", JOB, path])
    process.wait()

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    interrupts.watch()
    workers.guard()
    try:
        joblib.Parallel(n_jobs=2, backend=sys.argv[1])(joblib.delayed(work)(f"job{k}") for k in range(4))
    except KeyboardInterrupt:
        say(interrupts.reason())
    interrupts.leave_if_received()
    sys.exit(3)
"""


def launched(folder: Path, backend: str, *, path: str | None = None) -> "subprocess.Popen[str]":
    (folder / "launcher.py").write_text(LAUNCHER)
    environment = {} if path is None else {"env": {"PATH": path}}
    process = subprocess.Popen(
        [sys.executable, "launcher.py", backend],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **environment,
    )
    seconds_until(lambda: len(list(folder.glob("job[0-9]"))) == 2)
    assert len(of_session(process.pid, without=process.pid)) >= 4, "two workers, two jobs"
    return process


CASES = [
    ("loky", [signal.SIGTERM], False, 143),
    ("loky", [signal.SIGTERM], True, 143),
    ("loky", [signal.SIGHUP], True, 129),
    ("loky", [signal.SIGINT] * 4, True, 130),
    ("multiprocessing", [signal.SIGTERM], False, 143),
    ("multiprocessing", [signal.SIGINT] * 4, True, 130),
]


@pytest.mark.parametrize(("backend", "signals", "to_all", "code"), CASES)
def test_a_signal(
    tmp_path: Path, backend: str, signals: list[signal.Signals], to_all: bool, code: int
) -> None:
    process = launched(tmp_path, backend)
    send(process, *signals, to_all=to_all)
    gone = seconds_until(lambda: not of_session(process.pid, without=process.pid), at_most=60)
    _, err = process.communicate(timeout=60)
    assert gone < GONE_SECONDS + SLACK_SECONDS
    assert process.returncode == code
    told = [line for line in err.splitlines() if "ending already" not in line]
    assert len(told) == 1 and told[0].startswith("ploutos: interrupted by "), err
    seconds_until(lambda: not shared_memory_of(process.pid), at_most=30)


@pytest.mark.parametrize("backend", ["loky", "multiprocessing"])
def test_a_kill_of_the_launcher(tmp_path: Path, backend: str) -> None:
    process = launched(tmp_path, backend)
    process.kill()
    process.wait()
    gone = seconds_until(lambda: not of_session(process.pid), at_most=60)
    process.communicate(timeout=60)
    assert gone < GONE_SECONDS + SLACK_SECONDS
    seconds_until(lambda: not shared_memory_of(process.pid), at_most=30)


def test_without_pgrep(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    process = launched(tmp_path, "loky", path=str(tmp_path / "empty"))
    send(process, signal.SIGINT, to_all=False)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130 and err == "ploutos: interrupted by Ctrl-C\n"
    assert not of_session(process.pid)
