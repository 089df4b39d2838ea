"""Another process that has a SQLite database to itself."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOLD = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
time.sleep(float(sys.argv[2]))
connection.execute("ROLLBACK")
"""


@contextmanager
def locked(database: Path, *, seconds: float) -> Iterator[float]:
    """Have `database` locked from now on; yield until when, by time.monotonic()."""
    words = [sys.executable, "-c", HOLD, str(database), str(seconds)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        try:
            yield time.monotonic() + seconds
        finally:
            process.kill()
