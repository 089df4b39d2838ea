"""The worker processes of the joblib launcher: they end with the command, and end quickly."""

import contextlib
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from weakref import WeakSet

import joblib
from joblib._parallel_backends import LokyBackend, MultiprocessingBackend
from joblib.externals.loky import process_executor
from joblib.externals.loky.backend import resource_tracker

from ploutos.apps.parent import OF_A_TERMINAL, die_with_parent, follow, leave_the_terminal

SHARED_MEMORY = Path("/dev/shm")
executors: "WeakSet[Any]" = WeakSet()  # of loky, in this process


def begin(launcher: int, *, by_kernel: bool) -> None:
    """Start a worker of the process `launcher`; joblib calls it in each before the first job.

    `by_kernel`: the kernel ends it as well; not in a pool, where they come from a thread that ends earlier.
    """
    leave_the_terminal()
    if by_kernel:
        die_with_parent()
    follow(launcher)


@contextlib.contextmanager
def unseen() -> Iterator[None]:
    """Let processes and threads start with the signals of a terminal blocked, from their first moment on."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, OF_A_TERMINAL)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class GuardedLoky(LokyBackend):
    """joblib's own processes, started so that they end with this one."""

    def configure(self, *arguments: Any, **named: Any) -> Any:
        """Make the executor, and with it the process that cleans up what is shared."""
        named |= {"initializer": _LOKY, "initargs": (os.getpid(),)}
        with unseen():
            count = super().configure(*arguments, **named)
        executors.add(self._workers)
        return count

    def submit(self, *arguments: Any, **named: Any) -> Any:
        """Hand over a job, starting a worker for it where one is missing."""
        with unseen():
            return super().submit(*arguments, **named)

    def abort_everything(self, ensure_ready: bool = True) -> Any:
        """Kill the workers before joblib, which waits for others of its threads, comes to it."""
        _kill(self._workers)
        return super().abort_everything(ensure_ready=ensure_ready)


class GuardedPool(MultiprocessingBackend):
    """A pool of the standard library, whose workers end with this process."""

    def configure(self, *arguments: Any, **named: Any) -> Any:
        """Start the pool; its threads, which start later workers, inherit what is blocked."""
        named |= {"initializer": _POOL, "initargs": (os.getpid(),)}
        with unseen():
            return super().configure(*arguments, **named)


def _begin_loky(launcher: int) -> None:
    begin(launcher, by_kernel=True)


def _begin_in_pool(launcher: int) -> None:
    begin(launcher, by_kernel=False)


_LOKY, _POOL = _begin_loky, _begin_in_pool


def guard() -> None:
    """Let the joblib launcher of this process start such workers."""
    joblib.register_parallel_backend("loky", GuardedLoky)
    joblib.register_parallel_backend("multiprocessing", GuardedPool)
    # joblib looks for a worker's children with `pgrep`, which may be absent and which Ctrl-C ends as well.
    process_executor.kill_process_tree = _kill_one


def stop() -> None:
    """Let idle workers go; the memory that they hold is free for what follows."""
    for executor in list(executors):
        executor.shutdown(wait=False)


def kill() -> None:
    """Kill the workers of loky; those of a pool see that this process has ended."""
    for executor in list(executors):
        _kill(executor)


def _kill(executor: Any) -> None:
    for process in list((getattr(executor, "_processes", None) or {}).values()):
        _signal(process)


def _kill_one(process: Any, use_psutil: bool = True) -> None:
    """End a worker as joblib asks for; its job ends with it."""
    _signal(process)
    process.join()


def _signal(process: Any) -> None:
    with contextlib.suppress(OSError, TypeError):  # it has ended, or is being started
        os.kill(process.pid, signal.SIGKILL)


def clean_shared_memory() -> None:
    """Remove what joblib shares between processes under the number of this one, once nobody uses it.

    joblib has a process for this, which the end of a terminal may have taken; where it is there it is told.
    """
    for path in SHARED_MEMORY.glob(f"sem.loky-{os.getpid()}-*"):
        resource_tracker.unregister(path.name.replace("sem.", "/", 1), "semlock")
        path.unlink(missing_ok=True)
    for folder in SHARED_MEMORY.glob(f"joblib_memmapping_folder_{os.getpid()}_*"):
        resource_tracker.unregister(str(folder), "folder")
        shutil.rmtree(folder, ignore_errors=True)
