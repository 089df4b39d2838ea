"""Too little memory is one line that says what the limit is and which keys need less."""

import errno
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from ploutos.apps.errors import describe
from ploutos.apps.memory import shortage

MAIN = "from ploutos.apps.main import main; main()"
LIMITED = f"import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv.pop(1)),) * 2); {MAIN}"
LESS = "env.num_envs, agent.batch_size, hydra.launcher.n_jobs"
FULL = "mount -t tmpfs -o size=8k tmpfs /dev/shm && head -c 8192 /dev/zero > /dev/shm/full"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not enforce the limit")
@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (
            200e6,
            "ploutos: memory: this process may use 0.2 GB (ulimit -v), and the libraries alone need 0.7 GB",
        ),
        (
            1.6e9,
            "this process may use 1.6 GB (ulimit -v); what needs less: data (tickers, range), features, ",
        ),
    ],
)
def test_a_limit_of_address_space(tmp_path: Path, limit: float, told: str) -> None:
    words = ["data", "data.n_assets=2000", "data.years=8"]
    ended = subprocess.run(
        [sys.executable, "-c", LIMITED, str(int(limit)), *words],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert told in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.rglob("*") if path.suffix == ".npy"] == []


def test_no_room_for_the_locks_of_workers(tmp_path: Path) -> None:
    """In a room of its own, where /dev/shm is full."""
    probe = subprocess.run(["unshare", "-m", "sh", "-c", FULL], capture_output=True, check=False)
    if probe.returncode:
        pytest.skip("this system does not let a test mount a /dev/shm of its own")
    code = (
        "import multiprocessing\n"
        "from ploutos.apps.memory import shortage\n"
        "try:\n    multiprocessing.Lock()\nexcept OSError as error:\n    print(shortage(error))\n"
    )
    words = ["unshare", "-m", "sh", "-c", f'{FULL}; exec "$0" -c "$1"', sys.executable, code]
    ended = subprocess.run(words, capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("hydra.launcher: workers share locks in /dev/shm, which is full;")


def test_what_libraries_say_is_understood() -> None:
    shortages: list[BaseException] = [
        MemoryError(),
        MemoryError("Unable to allocate 19.1 MiB for an array"),
        OSError(errno.ENOMEM, "Cannot allocate memory"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory: 8 bytes"
        ),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        ImportError("see the page:\nlib.so: failed to map segment from shared object"),
    ]
    for error in shortages:
        line, code = describe(error)
        assert line.startswith("memory: ") and LESS in line and "\n" not in line and code == 1
        wrapped = ValueError("Error in call to target")
        wrapped.__cause__ = error
        assert describe(wrapped)[0] == line
    assert "failed to map segment" in describe(shortages[-1])[0]
    for other in (
        ValueError("no"),
        OSError(errno.ENOSPC, "No space left on device", "/disk/file"),
        KeyError("x"),
    ):
        assert shortage(other) is None


def test_without_a_limit_the_machine_is_named() -> None:
    if resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY:
        pytest.skip("this process has a limit")
    assert "this machine has no more" in describe(MemoryError())[0]
