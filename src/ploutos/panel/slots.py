"""Slots: a market of thousands of names as the few columns that an environment shows.

A name keeps its slot while it is in the universe. When it leaves, its slot goes on showing it, no longer a
member, until it could be sold; then the slot is free for the next name.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.panel.blocks import Allocate
from ploutos.types import ConfigError
from ploutos.types.fields import VOLUME

EMPTY = -1
ROWS_AT_ONCE = 1024


def assign_slots(
    wanted: npt.NDArray[np.bool_],
    traded: npt.NDArray[np.bool_],
    delist_bar: npt.NDArray[np.integer],
    slots: int | None,
) -> npt.NDArray[np.int32]:
    """Return which name each slot shows at the close of each row, `EMPTY` for none: [T, K].

    A name that leaves at row t is an order to sell at row t + 1. Its slot shows another name from the row
    after its first trade after t on, or after its delisting was paid out (at once where that has been
    already): no holding ever changes its name.
    Entrants take free slots in order, lowest slot and first ticker first; those that find none wait.

    Parameters
    ----------
    wanted : [T, N], in the universe; `traded` : [T, N], has a bar; `delist_bar` : [N] as in `Panel`.
    slots : K; None: as many as the universe ever has at once.

    Raises
    ------
    ConfigError
        Fewer slots than the universe has names at once; a universe without names.
    """
    most = int(wanted.sum(axis=1).max(initial=0))
    count = most if slots is None else slots
    if not most:
        raise ConfigError("universe: it has no member at any time")
    if count < most:
        raise ConfigError(f"panel.slots: {slots} is too few: the universe has up to {most} names at once")
    shown = np.full(count, EMPTY, np.int32)
    asset = np.empty((len(wanted), count), np.int32)
    leaving: dict[int, int] = {}  # slot -> row at which its name left
    changes = np.r_[True, (wanted[1:] != wanted[:-1]).any(axis=1)]
    waiting = False
    for t in range(len(wanted)):
        if changes[t]:
            _mark(shown, leaving, wanted[t], t)
        freed = False
        for k, since in list(leaving.items()):
            paid = 0 <= delist_bar[shown[k]] < t
            if paid or (t - 1 > since and traded[t - 1, shown[k]]):
                del leaving[k]
                shown[k] = EMPTY
                freed = True
        if changes[t] or (waiting and freed):
            waiting = _seat(shown, wanted[t])
        asset[t] = shown
    return asset


def slot_arrays(
    asset: npt.NDArray[np.int32],
    features: npt.NDArray[np.float32],
    prices: npt.NDArray[np.float64],
    member: npt.NDArray[np.bool_],
    allocate: Allocate,
) -> dict[str, Any]:
    """Return the fields `slot_*` of `Panel`; all None where each name has its own column for good."""
    names = ("slot_asset", "slot_features", "slot_prices", "slot_member")
    bars, count = asset.shape
    if count == member.shape[1] and (asset == np.arange(count)).all():
        return dict.fromkeys(names)
    shown = allocate(names[1], (bars, count, features.shape[2]), np.float32)
    quotes = allocate(names[2], (bars, 5, count), np.float64)
    inside = np.empty((bars, count), np.bool_)
    fill_slots(features, asset, np.nan, shown, 1)
    slot_prices(prices, asset, quotes)
    fill_slots(member, asset, False, inside, 1)
    return dict(zip(names, (asset, shown, quotes, inside), strict=True))


def slot_prices(
    prices: npt.NDArray[np.float64],
    asset: npt.NDArray[np.int32],
    out: npt.NDArray[np.float64] | None = None,
) -> npt.NDArray[np.float64]:
    """Return `prices` [T, 5, N] as slots show them [T, 5, K], in `out` if given; volume 0 where empty."""
    quotes = np.empty((len(asset), 5, asset.shape[1])) if out is None else out
    fill_slots(prices, asset, np.nan, quotes, 2)
    quotes[:, VOLUME][asset == EMPTY] = 0.0
    return quotes


def fill_slots(
    source: npt.NDArray[Any], asset: npt.NDArray[np.int32], empty: Any, out: npt.NDArray[Any], axis: int
) -> None:
    """Write `source`, with names along `axis` (1 or 2), to `out` as slots show it; `empty` where none is."""
    for start in range(0, len(asset), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        shown = asset[rows]
        wide = (slice(None), None) if axis == 2 else (slice(None), slice(None), None)
        index = shown[wide] if source.ndim == 3 else shown
        taken = np.take_along_axis(source[rows], np.maximum(index, 0), axis=axis)
        out[rows] = np.where(index == EMPTY, empty, taken)


def _mark(
    shown: npt.NDArray[np.int32], leaving: dict[int, int], wanted: npt.NDArray[np.bool_], t: int
) -> None:
    """Note the names that leave at row `t`, and those that have come back before their slot was free."""
    for k in np.flatnonzero(shown != EMPTY):
        if wanted[shown[k]]:
            leaving.pop(int(k), None)
        else:
            leaving.setdefault(int(k), t)


def _seat(shown: npt.NDArray[np.int32], wanted: npt.NDArray[np.bool_]) -> bool:
    """Give the free slots to entrants; return whether someone waits for a slot."""
    entrants = np.setdiff1d(np.flatnonzero(wanted), shown[shown != EMPTY])
    free = np.flatnonzero(shown == EMPTY)
    seated = min(len(free), len(entrants))
    shown[free[:seated]] = entrants[:seated]
    return len(entrants) > seated
