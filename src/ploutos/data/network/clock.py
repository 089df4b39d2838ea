"""The present, in one place, so that a test can choose it."""

import time

DAY = 86_400_000_000
"""Microseconds of a day."""


def now_us() -> int:
    """Return the present time in microseconds since the epoch, UTC."""
    return time.time_ns() // 1000
