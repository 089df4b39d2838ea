"""What a signal does to a command, whatever that is at: small programs in the place of the verbs."""

import signal
import subprocess
import sys
import time

import pytest
from processes import seconds_until

from ploutos.apps.interrupts import GRACE_SECONDS, interrupts

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
SLACK_SECONDS = 6.0  # of a machine that is busy
FRAME = """
import hashlib, os, signal, sys, time
from ploutos.apps.interrupts import interrupts, say
{before}
try:
    interrupts.watch()
    sys.stdout.write("ready\\n"); sys.stdout.flush()
    {body}
except KeyboardInterrupt:
    say(interrupts.reason())
    {after}
interrupts.leave_if_received()
interrupts.unwatch()
sys.exit(3)
"""
SLEEP = "time.sleep(600)"


def started(body: str, *, before: str = "", after: str = "pass") -> "subprocess.Popen[str]":
    program = FRAME.format(body=body, before=before, after=after)
    # A test run in the background may have inherited an ignored Ctrl-C.
    program = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n" + program
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


def ended(process: "subprocess.Popen[str]") -> tuple[int, float, str]:
    begun = time.monotonic()
    _, err = process.communicate(timeout=120)
    return process.returncode, time.monotonic() - begun, err


@pytest.mark.parametrize(
    ("number", "code", "named"),
    [(signal.SIGINT, 130, "Ctrl-C"), (signal.SIGTERM, 143, "SIGTERM"), (signal.SIGHUP, 129, "SIGHUP")],
)
def test_each_ends_with_its_code_and_one_line(number: signal.Signals, code: int, named: str) -> None:
    process = started(SLEEP)
    process.send_signal(number)
    got, _, err = ended(process)
    assert (got, err) == (code, f"ploutos: interrupted by {named}\n")


def test_what_follows_the_first_is_ignored_and_said_once() -> None:
    process = started(SLEEP, after="time.sleep(600)")
    process.send_signal(signal.SIGTERM)
    assert process.stderr is not None
    assert process.stderr.readline() == "ploutos: interrupted by SIGTERM\n"
    for number in (signal.SIGINT, signal.SIGINT, signal.SIGHUP):
        process.send_signal(number)
    code, seconds, err = ended(process)
    assert code == 143 and seconds < GRACE_SECONDS + SLACK_SECONDS
    assert err.splitlines()[0] == "ploutos: ending already; further signals are ignored"
    assert err.count("\n") == 2 and "what is not recorded yet" in err


@pytest.mark.parametrize(
    "body",
    [
        "hashlib.pbkdf2_hmac('sha256', b'x', b'y', 10**9)",  # a library does not come back
        "exec('while True:\\n try: time.sleep(600)\\n except BaseException: pass')",  # somebody swallows it
    ],
)
def test_it_ends_in_time_whatever_it_is_at(body: str) -> None:
    process = started(body)
    time.sleep(1)  # it is under way by now
    process.send_signal(signal.SIGTERM)
    code, seconds, err = ended(process)
    assert code == 143 and seconds < GRACE_SECONDS + SLACK_SECONDS
    assert err == "ploutos: interrupted by SIGTERM; what is not recorded yet, the next launch records\n"


def test_recording_that_hangs_is_cut_short() -> None:
    process = started(SLEEP, after="time.sleep(600)")
    process.send_signal(signal.SIGHUP)
    code, seconds, _ = ended(process)
    assert code == 129 and GRACE_SECONDS - 0.5 < seconds < GRACE_SECONDS + SLACK_SECONDS


def test_nohup_is_respected() -> None:
    process = started(SLEEP, before="signal.signal(signal.SIGHUP, signal.SIG_IGN)")
    process.send_signal(signal.SIGHUP)
    time.sleep(1)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert ended(process)[0] == 143


def test_a_terminal_that_is_gone_does_not_change_the_code() -> None:
    process = started("sys.stdout.write('x' * 10); time.sleep(600)")
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    process.stderr.close()
    process.send_signal(signal.SIGHUP)
    seconds_until(lambda: process.poll() is not None, at_most=60)
    assert process.returncode == 129


def test_a_library_that_takes_the_signal_is_overruled() -> None:
    process = started("interrupts.again(); time.sleep(600)", before="", after="pass")
    process.send_signal(signal.SIGINT)
    assert ended(process)[0] == 130
    process = started(
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); interrupts.again(); time.sleep(600)",
    )
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    assert ended(process)[0] == 143


def test_a_fork_has_signals_of_its_own() -> None:
    body = (
        "child = os.fork(); time.sleep(1 if child else 600); os.kill(child, signal.SIGTERM);"
        " status = os.waitpid(child, 0)[1]; sys.stdout.write(f'{os.WTERMSIG(status)}'); sys.stdout.flush();"
        f" time.sleep({GRACE_SECONDS + 1})"
    )
    process = started(body)
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out, err) == (3, str(int(signal.SIGTERM)), "")


def test_signals_are_given_back() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    interrupts.watch()
    assert signal.getsignal(signal.SIGTERM) != before[signal.SIGTERM]
    interrupts.unwatch()
    assert {number: signal.getsignal(number) for number in before} == before


@pytest.mark.parametrize("seconds", [0.0, 0.3, 0.9])
def test_one_that_comes_during_imports(seconds: float) -> None:
    """Of half a library: the handler itself must import nothing."""
    body = (
        "import threading; threading.Timer({}, os.kill, (os.getpid(), signal.SIGTERM)).start();"
        " __import__('ploutos.tracking.waiting'); __import__('ploutos.apps.command'); time.sleep(600)"
    )
    process = started(body.format(seconds))
    code, spent, err = ended(process)
    assert (code, err) == (143, "ploutos: interrupted by SIGTERM\n") and spent < GRACE_SECONDS + SLACK_SECONDS
