"""A small market for `ploutos data`, and what the command says."""

import numpy as np
from commands import Ended

MARKET = [
    "name=small",
    "data.n_assets=3",
    "data.start_date=2018-01-02",
    "data.years=1",
    "data.bars_per_session=2",
    "data.bar_minutes=180",
    "data.delisting.per_year=0",
]
SESSIONS = int(np.busday_count("2018-01-02", "2019-01-02"))


def report_lines(ended: Ended) -> dict[str, list[str]]:
    """Return the values that a report prints, by name."""
    assert ended.code == 0, ended.err
    found: dict[str, list[str]] = {}
    for line in ended.out.splitlines():
        found.setdefault(line[:12].strip(), []).append(line[12:].strip())
    return found


def one_line(ended: Ended, *told: str) -> None:
    """Require exit code 2 and one line on the error stream."""
    assert ended.code == 2
    assert ended.err.startswith("ploutos: ") and ended.err.count("\n") == 1
    for text in told:
        assert text in ended.err
