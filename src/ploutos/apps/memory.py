"""When memory runs out: how libraries say it, what limits this process, and which keys need less.

Imports nothing but the standard library: it must still work where NumPy cannot be loaded.
"""

import errno
import shutil
import sys
from pathlib import Path

SAID = (
    "cannot allocate memory",
    "can't allocate memory",
    "could not create a memory object",
    "could not create a primitive",
    "failed to allocate",
    "failed to map segment",
    "memory allocation of",
    "not enough memory",
    "out of memory",
    "std::bad_alloc",
    "unable to allocate",
)
UNDER_A_LIMIT = ("could not find/load shared object", "cannot open shared object")
SHARED = Path("/dev/shm")
LEAST = 700_000_000  # bytes of address space; NumPy, Polars and Numba cannot be loaded with less
FULL = 65_536  # bytes; less is no room for the locks of workers
LESS = "data (tickers, range), features, env.num_envs, agent.batch_size, hydra.launcher.n_jobs"


def shortage(error: BaseException) -> str | None:
    """Return one line where `error`, or what caused it, is want of memory; None for anything else."""
    cause: BaseException | None = error
    for _ in range(10):
        if cause is None:
            break
        if _no_room_for_locks(cause):
            return (
                f"hydra.launcher: workers share locks in {SHARED}, which is full; make room there, or use"
                " hydra/launcher=basic"
            )
        told = _shortage(cause)
        if told is not None:
            return f"memory: {told}; {_limit()}; what needs less: {LESS}"
        cause = cause.__cause__ or cause.__context__
    return None


def too_little() -> str | None:
    """Return one line where the limit of this process is below what the libraries alone need."""
    limit = address_limit()
    if limit is None or limit >= LEAST:
        return None
    return f"memory: {_limit()}, and the libraries alone need {LEAST / 1e9:.1f} GB; raise the limit"


def _shortage(error: BaseException) -> str | None:
    """Return the line of the error's text that speaks of memory."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    signs = SAID + (UNDER_A_LIMIT if address_limit() is not None else ())
    for line in lines:
        if any(sign in line.lower() for sign in signs):
            return line
    known = isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM
    return lines[0] if known else None


def _no_room_for_locks(error: BaseException) -> bool:
    """Semaphores fail without naming a file; a full disk elsewhere does name one."""
    if getattr(error, "errno", None) != errno.ENOSPC or getattr(error, "filename", None) is not None:
        return False
    try:
        return shutil.disk_usage(SHARED).free < FULL
    except OSError:
        return False


def _limit() -> str:
    """Return in words how much this process may use."""
    limit = address_limit()
    if limit is None:
        return "this machine has no more"
    return f"this process may use {limit / 1e9:.1f} GB (ulimit -v)"


def address_limit() -> int | None:
    """Return the most bytes of address space that this process may have; None without a limit."""
    if sys.platform == "win32":
        return None
    import resource

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if limit == resource.RLIM_INFINITY else limit
