"""Macro columns: recomputed with other values published later, and on a time axis that ends earlier."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.audit.files import DAY, changed_files
from ploutos.audit.loads import loads
from ploutos.audit.perturb import KINDS, perturbed_table
from ploutos.audit.publication import audit_publication
from ploutos.audit.report import Section
from ploutos.audit.tally import Tally
from ploutos.panel.assemble import Macro

TIME = "available_at"
GAPS = 6  # of each level, at which a cut is tried
FROM_FILES = ("scale", "truncate")  # changes of what a source reads from files

Axis = npt.NDArray[np.int64]


def audit_macro(
    macro: Macro,
    ts: Axis,
    closes: Axis,
    cuts: Sequence[int],
    *,
    seed: int,
    again: Callable[[], Macro] | None = None,
    dates: Axis | None = None,
) -> Section:
    """Compare every column up to each cut, and check the times of publication.

    What a source publishes after a cut is changed at each place where levels are loaded: in the source, in
    every class that it extends, in every source that it wraps. So a source that moves or fills what another
    one loaded is found as well; one that does so with what it reads from a file is, where it is made `again`.

    Parameters
    ----------
    ts : [T] bar closes; `closes` : [S] those that end a session.
    again : makes the same source anew.
    dates : [T] day of the session of each bar, since the epoch; rows of files that are dated by day alone
        tell of a day that must be over.
    """
    tally = Tally("macro")
    names, base = macro.columns(ts)
    tally.columns.update(names)
    if not names:
        return tally.section()
    loaded = [(replaced, load()) for replaced, load in loads(macro)]
    tried = list(dict.fromkeys([*telling_rows((table for _, table in loaded), ts), *cuts]))
    reads = again is not None and _from_files(tally, again, ts, dates, tried, seed)
    if not loaded and not reads:
        tally.notes.append("no load(), no table read from a file: only the end of the time axis was changed")
    for cut in tried:
        short = tally.attempt("truncate", macro.columns, ts[: cut + 1])
        if short is not None:
            tally.compare(names, base, short[1], ts, cut, "truncate")
        for replaced, table in loaded:
            for kind in KINDS:
                rng = np.random.default_rng([seed, cut, KINDS.index(kind)])
                changed = replaced(perturbed_table(table, int(ts[cut]), kind, rng, TIME))
                found = tally.attempt(kind, changed.columns, ts)
                if found is not None:
                    tally.compare(names, base, found[1], ts, cut, kind)
    if loaded:
        audit_publication(tally, loaded[0][1], ts, closes)
    return tally.section()


def _from_files(
    tally: Tally,
    again: Callable[[], Macro],
    ts: Axis,
    dates: Axis | None,
    cuts: Sequence[int],
    seed: int,
) -> bool:
    """Compare the columns made of files with other rows after each cut; False where no file is read."""
    with changed_files(None, "", seed) as door:
        names, base = again().columns(ts)
    if not door.dated:
        return False
    for cut in cuts:
        for kind in FROM_FILES:
            day = None if dates is None else int(dates[cut]) * DAY
            with changed_files(int(ts[cut]), kind, seed, day=day):
                found = tally.attempt(kind, lambda: again().columns(ts))
            if found is not None:
                tally.compare(names, base, found[1], ts, cut, kind)
    return True


def telling_rows(tables: Iterable[pl.DataFrame], ts: Axis) -> list[int]:
    """Return rows after which a value is published that something filled backwards shows before.

    The last row before each level's first value, and rows at which the latest value is missing.
    """
    rows: set[int] = set()
    for table in tables:
        at = np.searchsorted(ts, table[TIME].dt.timestamp("us").to_numpy())
        for name in (column for column in table.columns if column != TIME):
            known = table[name].is_not_null().to_numpy()
            if known.any():
                first = int(known.argmax())
                missing = at[first:][~known[first:]]
                chosen = missing[np.linspace(0, len(missing) - 1, min(len(missing), GAPS)).astype(int)]
                rows |= {int(at[first]) - 1, *chosen.tolist()}
    return sorted(row for row in rows if 0 <= row < len(ts) - 1)
