"""Bars: loaded again with other rows after a time, in files and in sources that another one wraps."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.audit.files import changed_files
from ploutos.audit.loads import loads
from ploutos.audit.perturb import KINDS, perturbed_bars
from ploutos.audit.report import Section
from ploutos.audit.tally import Tally, differs
from ploutos.data.source import Source
from ploutos.types import Bars

KEY = ("ts", "ticker")
FROM_FILES = ("scale", "truncate")
FEW = 3  # cuts at which files are read again: that may take seconds

Axis = npt.NDArray[np.int64]


def audit_source(again: Callable[[], Source], ts: Axis, cuts: Sequence[int], *, seed: int) -> Section:
    """Compare bars, signals, splits and dividends up to each cut.

    Rows after a cut are changed where the source reads tables from files, and in what classes that it extends
    and sources that it wraps load. A source that does neither is taken as it is.

    Parameters
    ----------
    again : makes the source anew.
    ts : [T] bar closes.
    """
    tally = Tally("data")
    with changed_files(None, "", seed) as door:
        source = again()
        base = source.load()
    if door.dated:
        for cut in cuts[:FEW]:
            for kind in FROM_FILES:
                with changed_files(int(ts[cut]), kind, seed):
                    found = tally.attempt(kind, lambda: again().load())
                if found is not None:
                    compare_bars(tally, base, found, ts, cut, kind)
    places = [(replaced, load()) for replaced, load in list(loads(source))[1:]]
    for replaced, inner in places:
        if not isinstance(inner, Bars):
            continue
        for cut in cuts:
            for kind in KINDS:
                rng = np.random.default_rng([seed, cut, KINDS.index(kind)])
                changed = perturbed_bars(inner, int(ts[cut]), kind, rng)
                found = tally.attempt(kind, replaced(changed).load)
                if found is not None:
                    compare_bars(tally, base, found, ts, cut, kind)
    if not tally.comparisons and not type(source).__module__.startswith("ploutos."):
        tally.notes.append("the source reads no table and wraps no source: its bars are taken as they are")
    return tally.section()


def compare_bars(tally: Tally, base: Bars, found: Bars, ts: Axis, cut: int, kind: str) -> None:
    """Note each column of the bars, and splits and dividends, that differ at or before row `cut` of `ts`."""
    tally.comparisons += 1
    end = int(ts[cut])
    tally.cuts.add(end)
    for name, at in (
        *_differing(base.frame, found.frame, end, "bars"),
        *_differing(base.actions, found.actions, end, "actions"),
    ):
        if at is not None:
            ahead = cut + 1 - int(np.searchsorted(ts, at))
            tally.note(name, at, end, ahead, kind)
        tally.columns.add(name)


def _differing(a: pl.DataFrame, b: pl.DataFrame, end: int, called: str) -> list[tuple[str, int | None]]:
    """Return each column, and the first time up to `end` at which it or the rows there are differ."""
    first, second = (frame.filter(pl.col("ts").dt.timestamp("us") <= end).sort(KEY) for frame in (a, b))
    lost = [x.join(y, on=KEY, how="anti")["ts"].min() for x, y in ((first, second), (second, first))]
    missing = [pl.Series([at]).dt.timestamp("us")[0] for at in lost if at is not None]
    told: list[tuple[str, int | None]] = [(called, min(missing, default=None))]
    if missing:
        keys = first.select(KEY).join(second.select(KEY), on=KEY)
        first, second = (frame.join(keys, on=KEY, how="semi").sort(KEY) for frame in (first, second))
    for name in (column for column in first.columns if column not in KEY and column in second.columns):
        wrong = np.asarray(differs(first[name].to_numpy(), second[name].to_numpy()))
        at = first["ts"].dt.timestamp("us").to_numpy()[wrong]
        told.append((name if called == "bars" else f"{called}.{name}", int(at[0]) if len(at) else None))
    return told
