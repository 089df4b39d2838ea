"""Panels with another future, or with other rows outside a training window."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.audit.perturb import KINDS, SPREAD
from ploutos.panel.panel import Panel
from ploutos.types.fields import HIGH, LOW, OPEN, VOLUME

BY_ROW = (
    "features",
    "prices",
    "member",
    "macro",
    "slot_features",
    "slot_prices",
    "slot_member",
    "expected_return",
)

Rows = npt.NDArray[np.bool_]


def panel_after(panel: Panel, cut: int, kind: str, seed: int) -> Panel:
    """Return `panel` with everything after row `cut` changed; "truncate" ends it there."""
    if kind == "truncate":
        return panel_until(panel, cut + 1)
    rng = np.random.default_rng([seed, cut, KINDS.index(kind)])
    return panel_with_rows(panel, np.arange(len(panel.ts)) > cut, kind, rng)


def panel_outside(panel: Panel, rows: slice, kind: str, seed: int) -> Panel:
    """Return `panel` with everything outside `rows` changed; "truncate" ends it with them."""
    if kind == "truncate":
        return panel_until(panel, rows.stop)
    outside = np.ones(len(panel.ts), np.bool_)
    outside[rows] = False
    rng = np.random.default_rng([seed, rows.stop, KINDS.index(kind)])
    return panel_with_rows(panel, outside, kind, rng)


def panel_until(panel: Panel, stop: int) -> Panel:
    """Return the first `stop` rows, as if the data ended there."""
    arrays: dict[str, Any] = {name: getattr(panel, name) for name in (*BY_ROW, "ts", "slot_asset")}
    ended, acted = panel.delist_bar < stop, panel.action_bar < stop
    actions: dict[str, Any] = {
        f"action_{name}": getattr(panel, f"action_{name}")[acted]
        for name in ("bar", "asset", "split", "dividend")
    }
    rows: dict[str, Any] = {name: None if array is None else array[:stop] for name, array in arrays.items()}
    return replace(
        panel,
        **rows,
        **actions,
        delist_bar=np.where(ended, panel.delist_bar, np.int32(-1)),
        delist_return=np.where(ended, panel.delist_return, 0.0),
    )


def panel_with_rows(panel: Panel, changed: Rows, kind: str, rng: np.random.Generator) -> Panel:
    """Return `panel` with other values in the rows `changed` [T]; what the market is called stays.

    Shuffling permutes whole rows, scaling gives each cell its own factor, one for all prices of a bar; gaps
    are bars in which a name is no member and cannot be traded.
    """
    if kind == "gaps":
        return _with_gaps(panel, np.flatnonzero(changed), rng)
    rows = np.flatnonzero(changed)
    order = rng.permutation(rows)
    out: dict[str, Any] = {}
    for name in BY_ROW:
        array = getattr(panel, name)
        if array is None:
            continue
        fresh = np.array(array)
        if kind == "shuffle":
            fresh[rows] = array[order]
        elif array.dtype.kind == "b":
            fresh[rows] = array[rows] if kind == "scale" else False
        elif kind == "nan":
            fresh[rows] = np.nan
        else:
            fresh[rows] = array[rows] * _factors(name, array[rows].shape, rng)
        out[name] = fresh
    return replace(panel, **out)


def _with_gaps(panel: Panel, rows: npt.NDArray[np.int64], rng: np.random.Generator) -> Panel:
    """Return `panel` with about half of the bars in `rows` taken away; the last close stays known."""
    out: dict[str, Any] = {}
    for prices, member in (("prices", "member"), ("slot_prices", "slot_member")):
        if getattr(panel, prices) is None:
            continue
        values, inside = np.array(getattr(panel, prices)), np.array(getattr(panel, member))
        gone = rng.random((len(rows), values.shape[2])) < 0.5
        row, name = np.nonzero(gone)
        row = rows[row]
        for field, nothing in ((OPEN, np.nan), (HIGH, np.nan), (LOW, np.nan), (VOLUME, 0.0)):
            values[row, field, name] = nothing
        inside[row, name] = False
        out |= {prices: values, member: inside}
    return replace(panel, **out)


def _factors(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> npt.NDArray[np.floating[Any]]:
    if "prices" not in name:
        return np.exp(rng.normal(0, SPREAD, shape)).astype(np.float32)
    factors = np.broadcast_to(np.exp(rng.normal(0, SPREAD, (shape[0], 1, shape[2]))), shape).copy()
    factors[:, VOLUME] = np.exp(rng.normal(0, SPREAD, (shape[0], shape[2])))
    return factors
