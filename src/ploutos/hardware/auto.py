"""As many workers as cores, a fixed number of threads each."""

import os
from typing import Annotated

from pydantic import Field

from ploutos.types import PositiveInt, checked


class Auto:
    """Jobs run side by side on all cores; each gets `threads_per_job` threads.

    The number of workers cannot change a result; the number of threads can (order of summation), so it is a
    setting of its own and part of a run's identity.
    """

    @checked
    def __init__(self, *, workers: Annotated[int, Field(ge=-1)], threads_per_job: PositiveInt) -> None:
        self.workers = (os.cpu_count() or 1) if workers < 1 else workers
        self.threads_per_job = threads_per_job

    def environment(self) -> dict[str, str]:
        """Return the variables that bound the thread pools of a fresh process."""
        count = str(self.threads_per_job)
        names = (
            "OMP_NUM_THREADS",
            "MKL_NUM_THREADS",
            "OPENBLAS_NUM_THREADS",
            "NUMBA_NUM_THREADS",
            "POLARS_MAX_THREADS",
        )
        return dict.fromkeys(names, count)

    def in_force(self) -> dict[str, int]:
        """Return how many threads each library of this process uses, as it says itself."""
        import numba
        import polars
        import torch

        return {
            "torch": torch.get_num_threads(),
            "numba": numba.get_num_threads(),
            "polars": polars.thread_pool_size(),
        }

    def apply(self) -> None:
        """Bound this process's Torch threads: the same count as in every job, or sums would differ."""
        import torch

        torch.set_num_threads(self.threads_per_job)
