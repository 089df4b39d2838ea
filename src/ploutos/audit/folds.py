"""Folds: windows that do not overlap, with the embargo between them."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ploutos.audit.report import Section
from ploutos.audit.tally import Tally
from ploutos.types import Fold

LEAST = 1  # bars between windows: what is decided at the last bar of one is filled in the bar that follows


def audit_folds(folds: Sequence[Fold], ts: npt.NDArray[np.int64], *, embargo_bars: int = 0) -> Section:
    """Check every fold on the axis `ts` [T], and the test windows of all folds against each other.

    Parameters
    ----------
    embargo_bars : as configured; a fold that claims fewer is held to this, and to `LEAST` in any case.
    """
    tally = Tally("folds")
    for fold in folds:
        tally.columns.add(f"fold_{fold.index}")
        tally.comparisons += 1
        _check(tally, fold, ts, max(embargo_bars, fold.embargo_bars, LEAST))
    order = sorted(folds, key=lambda fold: fold.test.start)
    for before, after in pairwise(order):
        if before.test.rows(ts).stop > after.test.rows(ts).start:
            tally.add(
                f"fold_{after.index}",
                int(ts[after.test.rows(ts).start]),
                "overlap",
                f"its test window begins inside the one of fold {before.index}",
            )
    return tally.section()


def _check(tally: Tally, fold: Fold, ts: npt.NDArray[np.int64], embargo: int) -> None:
    """Note windows of one fold that overlap, stand in the wrong order or lie too close."""
    named = {name: getattr(fold, name).rows(ts) for name in ("train", "validation", "test")}
    windows = [(name, rows) for name, rows in named.items() if rows.stop > rows.start]
    for empty in {"train", "test"} - {name for name, _ in windows}:
        tally.add(f"fold_{fold.index}", None, "empty", f"the {empty} window has no bars")
    for (early, first), (late, second) in pairwise(windows):
        between = second.start - first.stop
        if between >= embargo:
            continue
        what, at = "embargo", int(ts[min(second.start, len(ts) - 1)])
        detail = f"{early} ends {between} bars before {late} begins; at least {embargo} are asked for"
        shared = min(first.stop, second.stop) - max(first.start, second.start)
        if shared > 0:
            what, detail = "overlap", f"{early} and {late} share {shared} bars"
        elif between < 0:
            what, detail = "order", f"{early} comes after {late}"
        tally.add(f"fold_{fold.index}", at, what, detail)
