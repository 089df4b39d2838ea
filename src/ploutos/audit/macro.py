"""Macro columns: recomputed with other values published later, and on a time axis that ends earlier."""

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ploutos.audit.perturb import KINDS, perturbed_table
from ploutos.audit.publication import audit_publication
from ploutos.audit.report import Section
from ploutos.audit.tally import Tally
from ploutos.panel.assemble import Macro

TIME = "available_at"
GAPS = 6  # of each level, at which a cut is tried
DEPTH = 3  # wrappers inside wrappers that are looked into

Axis = npt.NDArray[np.int64]
Load = Callable[[], pl.DataFrame]
Replaced = Callable[[pl.DataFrame], Any]


def audit_macro(macro: Macro, ts: Axis, closes: Axis, cuts: Sequence[int], *, seed: int) -> Section:
    """Compare every column up to each cut, and check the times of publication.

    What a source publishes after a cut is changed at each place where levels are loaded: in the source, in
    every class that it extends, in every source that it wraps. So a source that moves or fills what another
    one loaded is found as well.

    Parameters
    ----------
    ts : [T] bar closes; `closes` : [S] those that end a session.
    """
    tally = Tally("macro")
    names, base = macro.columns(ts)
    tally.columns.update(names)
    if not names:
        return tally.section()
    loaded = [(replaced, load()) for replaced, load in _loads(macro)]
    if not loaded:
        tally.notes.append("the source has no load(): only the end of the time axis was changed")
    for cut in dict.fromkeys([*telling_rows((table for _, table in loaded), ts), *cuts]):
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


def _loads(macro: Any, depth: int = 0) -> Iterator[tuple[Replaced, Load]]:
    """Yield for each place where levels are loaded: how to replace what is loaded there, and the loading.

    The outermost comes first.
    """
    owner = type(macro)
    for cls in owner.__mro__:
        own = vars(cls).get("load")
        if own is not None and not getattr(own, "__isabstractmethod__", False):
            yield partial(_with_load, macro, cls), partial(own, macro)
    if depth == DEPTH:
        return
    for name, inner in vars(macro).items() if hasattr(macro, "__dict__") else ():
        if not callable(getattr(inner, "columns", None)) or isinstance(inner, pl.DataFrame):
            continue
        for replaced, load in _loads(inner, depth + 1):
            yield partial(_with_attribute, macro, name, replaced), load


def _with_attribute(macro: Any, name: str, replaced: Replaced, table: pl.DataFrame) -> Any:
    clone = copy.copy(macro)
    object.__setattr__(clone, name, replaced(table))
    return clone


def _with_load(macro: Any, cls: type, table: pl.DataFrame) -> Any:
    """Return a copy of `macro` in which `cls.load` gives `table`, also to a subclass that asks by super()."""
    owner = type(macro)
    instead = type("Loaded", (cls,), {"load": lambda self: table})
    clone = copy.copy(macro)
    clone.__class__ = instead if owner is cls else type("Audited", (owner, instead), {})
    return clone
