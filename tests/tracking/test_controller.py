"""Whether the process that launched a run is still there."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ploutos.tracking.controller import Controller

needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
TELL = "from ploutos.tracking.controller import Controller; print(Controller.here().as_text(), flush=True);"


def started(*, and_then: str) -> tuple["subprocess.Popen[str]", Controller]:
    process = subprocess.Popen([sys.executable, "-c", TELL + and_then], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = Controller.from_text(process.stdout.readline())
    assert told is not None and told.pid == process.pid
    return process, told


def test_this_process_is_there() -> None:
    here = Controller.here()
    assert here.pid == os.getpid() and not here.is_gone()
    assert Controller.from_text(here.as_text()) == here


@needs_proc
def test_the_start_is_when_it_began() -> None:
    up_seconds = float(Path("/proc/uptime").read_text().split()[0])
    process, told = started(and_then="input()")
    with process:
        elapsed = up_seconds - int(told.started) / os.sysconf("SC_CLK_TCK")
        assert -60 < elapsed <= 0.1, "the other process began after the reading of the clock"
        process.kill()


def test_one_that_was_killed_is_gone_before_and_after_its_parent_has_seen_it() -> None:
    process, told = started(and_then="import time; time.sleep(600)")
    with process:
        assert not told.is_gone()
        process.kill()
        if sys.platform == "linux":
            deadline = time.monotonic() + 30
            while not told.is_gone() and time.monotonic() < deadline:
                time.sleep(0.01)
            assert told.is_gone(), "it waits for its parent to ask how it ended"
    assert told.is_gone()


@needs_proc
def test_a_number_that_was_given_again_is_another_process() -> None:
    here = Controller.here()
    assert replace(here, started=str(int(here.started) - 1)).is_gone()
    assert replace(here, started=str(int(here.started) + 1)).is_gone()


@needs_proc
def test_a_restarted_machine_has_none_of_its_processes() -> None:
    assert replace(Controller.here(), boot="another").is_gone()


def test_what_cannot_be_looked_at_counts_as_alive() -> None:
    gone = replace(Controller.here(), pid=2**22 + 1)  # above the largest number
    assert gone.is_gone()
    assert not replace(gone, host="elsewhere").is_gone()
    assert not replace(gone, host="elsewhere", boot="another").is_gone()
    assert not replace(gone, namespace="pid:[1]").is_gone()


@pytest.mark.parametrize("text", [None, "", "17", "{}", '{"host": "a", "pid": "x"}', "[1]", '"a"'])
def test_a_text_that_tells_of_no_process(text: str | None) -> None:
    assert Controller.from_text(text) is None
