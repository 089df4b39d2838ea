"""A process that ends when its parent does."""

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time

POLL_SECONDS = 0.2
# What a terminal sends to all processes of a command; the launching one decides what becomes of the others.
OF_A_TERMINAL = {signal.SIGINT, signal.SIGHUP} if hasattr(signal, "SIGHUP") else {signal.SIGINT}


def die_with_parent() -> None:
    """Ask the kernel to kill this process when the thread that started it ends (Linux; elsewhere nothing).

    Only for a process whose parent started it from a thread that lives as long as the parent needs it.
    """
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


def follow(parent: int) -> None:
    """End this process soon after `parent` has ended; at once if it has ended already."""
    if os.getppid() != parent:
        os._exit(1)
    threading.Thread(target=_watch, args=(parent,), daemon=True, name="parent").start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_SECONDS)
    os._exit(1)


def leave_the_terminal() -> None:
    """Let Ctrl-C and the end of the terminal pass by this process and all that it starts."""
    for number in OF_A_TERMINAL:
        with contextlib.suppress(ValueError):  # not in the main thread: the mask has to do
            signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, OF_A_TERMINAL)
