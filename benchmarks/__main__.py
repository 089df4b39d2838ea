"""Run one benchmark: `python -m benchmarks NAME [--json FILE] [--quick]`."""

import os
import sys

from benchmarks.timing import ONE_THREAD

os.environ |= ONE_THREAD  # before NumPy, Numba and Torch read it

from benchmarks.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
