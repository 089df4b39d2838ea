"""Membership and slots: recomputed with another future."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from ploutos.audit.cuts import cuts_at_changes
from ploutos.audit.features import MarketData
from ploutos.audit.perturb import KINDS
from ploutos.audit.report import Section
from ploutos.audit.tally import Tally
from ploutos.panel.assemble import Universe
from ploutos.panel.slots import EMPTY, assign_slots

Mask = npt.NDArray[np.bool_]
Assign = Callable[[Mask, Mask, npt.NDArray[np.int32], int | None], npt.NDArray[np.int32]]


def audit_universe(
    universe: Universe, data: MarketData, cuts: Sequence[int], *, seed: int, most: int | None = None
) -> Section:
    """Compare who is a member up to each cut; a column is a ticker, all rows are recomputed.

    With `most`, so many cuts are tried: `cuts` and those at which membership changes, in turns.
    """
    tally = Tally("universe")
    tally.columns.update(data.tickers)

    def member(of: MarketData) -> Mask:
        return universe.membership_and_report(of.bars, of.ts, of.tickers)[0]

    base = member(data)
    tally.repeat(data.tickers, base, member(data))
    for cut in cuts if most is None else cuts_at_changes(base, cuts, most, seed):
        for kind in KINDS:
            changed = data.changed(cut, kind, seed)
            found = tally.attempt(kind, member, changed)
            if found is not None:
                tally.compare(data.tickers, base, found, data.ts, cut, kind)
    return tally.section()


def audit_slots(
    wanted: Mask,
    traded: Mask,
    delist_bar: npt.NDArray[np.int32],
    ts: npt.NDArray[np.int64],
    slots: int | None,
    cuts: Sequence[int],
    *,
    seed: int,
    assign: Assign = assign_slots,
) -> Section:
    """Compare which name each slot shows up to each cut.

    How many slots there are is a size and not a value: with `panel.slots: null` it is the most names that the
    universe ever has at once, and slots beyond that stay empty.
    """
    tally = Tally("slots")
    base = assign(wanted, traded, delist_bar, slots)
    for cut in cuts:
        for kind in KINDS:
            rng = np.random.default_rng([seed, cut, KINDS.index(kind)])
            changed = _changed(wanted, traded, delist_bar, cut, kind, rng)
            if not changed[0].any():
                continue  # nobody is a member yet: there is nothing to seat
            found = tally.attempt(kind, assign, *changed, slots)
            if found is not None:
                width = max(base.shape[1], found.shape[1])
                names = [f"slot_{n}" for n in range(width)]
                tally.compare(names, _wide(base, width), _wide(found, width), ts, cut, kind)
    return tally.section()


def _wide(asset: npt.NDArray[np.int32], width: int) -> npt.NDArray[np.int32]:
    return np.pad(asset, ((0, 0), (0, width - asset.shape[1])), constant_values=EMPTY)


def _changed(
    wanted: Mask,
    traded: Mask,
    delist_bar: npt.NDArray[np.int32],
    cut: int,
    kind: str,
    rng: np.random.Generator,
) -> tuple[Mask, Mask, npt.NDArray[np.int32]]:
    """Return membership and trading with other rows after `cut`; delistings after it are dropped."""
    later = np.where(delist_bar > cut, np.int32(-1), delist_bar)
    if kind == "truncate":
        return wanted[: cut + 1], traded[: cut + 1], later
    changed = []
    for rows in (wanted, traded):
        out = rows.copy()
        if kind == "shuffle":
            out[cut + 1 :] = rng.permutation(rows[cut + 1 :])
        elif kind == "scale":
            out[cut + 1 :] = np.roll(rows[cut + 1 :], 1, axis=1)
        elif kind == "gaps":
            out[cut + 1 :] &= rng.random(out[cut + 1 :].shape) < 0.5
        else:
            out[cut + 1 :] = False
        changed.append(out)
    return changed[0], changed[1], later
