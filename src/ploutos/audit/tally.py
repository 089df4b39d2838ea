"""Compares outputs up to a cut bit for bit and keeps what differs, column by column."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.audit.report import Finding, Section, when

Array = npt.NDArray[Any]
Axis = npt.NDArray[np.int64]


def differs(a: Array, b: Array) -> npt.NDArray[np.bool_]:
    """Return where two arrays of one shape and type differ in a bit; NaN equals NaN."""
    if a.dtype.kind != "f":
        return np.asarray(a != b)
    bits = np.dtype(f"u{a.dtype.itemsize}")
    unequal = np.ascontiguousarray(a).view(bits) != np.ascontiguousarray(b).view(bits)
    return np.asarray(unequal & ~(np.isnan(a) & np.isnan(b)))


@dataclass
class _Seen:
    """What is known of one offending column."""

    time: int
    cut: int
    ahead: int
    kinds: list[str]


@dataclass
class Tally:
    """The running result of one component."""

    component: str
    columns: set[str] = field(default_factory=set)
    cuts: set[int] = field(default_factory=set)
    comparisons: int = 0
    seen: dict[str, _Seen] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    others: list[Finding] = field(default_factory=list)
    unstable: set[str] = field(default_factory=set)
    begun: float = field(default_factory=time.perf_counter)

    def compare(self, names: Sequence[str], base: Array, found: Array, ts: Axis, cut: int, kind: str) -> None:
        """Compare rows 0..cut of `base` and `found` [>= cut + 1, ..., C]; `ts` dates the rows."""
        self.columns.update(names)
        self.cuts.add(int(ts[cut]))
        self.comparisons += 1
        a, b = base[: cut + 1], found[: cut + 1]
        if a.shape != b.shape:
            self.add("shape", None, kind, f"{list(a.shape)} became {list(b.shape)}")
            return
        wrong = differs(a, b)
        if not wrong.any():
            return
        by_row = np.asarray(wrong.reshape(len(wrong), -1, wrong.shape[-1]).any(axis=1))
        for c in np.flatnonzero(by_row.any(axis=0)).tolist():
            if names[c] in self.unstable:
                continue
            first = int(by_row[:, c].argmax())
            self.note(names[c], int(ts[first]), int(ts[cut]), cut + 1 - first, kind)

    def repeat(self, names: Sequence[str], base: Array, found: Array) -> None:
        """Note columns that differ where nothing was changed: no comparison can be made of them."""
        if base.shape != found.shape:
            self.add(
                "shape", None, "nothing", f"{list(base.shape)}, and {list(found.shape)} when computed again"
            )
            return
        by_column = np.asarray(differs(base, found).reshape(-1, base.shape[-1]).any(axis=0))
        for c in np.flatnonzero(by_column).tolist():
            self.unstable.add(names[c])
            self.add(names[c], None, "nothing", "differs when it is computed twice from the same data")

    def attempt(self, kind: str, compute: Callable[..., Any], *arguments: Any) -> Any:
        """Return what `compute` gives on perturbed data, None where the component refuses them."""
        try:
            return compute(*arguments)
        except Exception as error:  # a component of a user's own may raise what it likes
            text = f"{kind}: cannot be computed on such data: {type(error).__name__}: {error}"
            if text not in self.notes:
                self.notes.append(text)
            return None

    def add(self, column: str, at: int | None, kind: str, detail: str, *, cut: int | None = None) -> None:
        """Keep a finding that is no comparison of rows; once for each column, with all that shows it."""
        for place, known in enumerate(self.others):
            if known.column == column:
                kinds = dict.fromkeys([*known.perturbation.split("+"), kind])
                self.others[place] = replace(known, perturbation="+".join(kinds))
                return
        self.others.append(
            Finding(
                component=self.component,
                column=column,
                time=None if at is None else when(at),
                perturbation=kind,
                cut=None if cut is None else when(cut),
                bars_ahead=None,
                detail=detail,
            )
        )

    def section(self) -> Section:
        """Return the result; what was compared with nothing is a finding, as nothing is proven of it."""
        if self.columns and not self.comparisons:
            self.add("audit", None, "none", "no perturbed data could be computed; nothing is proven")
        found = [self._finding(column, seen) for column, seen in self.seen.items()]
        return Section(
            component=self.component,
            columns=len(self.columns),
            cuts=len(self.cuts),
            comparisons=self.comparisons,
            seconds=time.perf_counter() - self.begun,
            findings=(*found, *self.others),
            notes=tuple(self.notes),
        )

    def note(self, column: str, at: int, cut: int, ahead: int, kind: str) -> None:
        """Keep that `column` differs at the time `at` when data after the time `cut` change."""
        known = self.seen.get(column)
        if known is None:
            self.seen[column] = _Seen(at, cut, ahead, [kind])
            return
        if kind not in known.kinds:
            known.kinds.append(kind)
        known.ahead = max(known.ahead, ahead)
        if at < known.time:
            known.time, known.cut = at, cut

    def _finding(self, column: str, seen: _Seen) -> Finding:
        return Finding(
            component=self.component,
            column=column,
            time=when(seen.time),
            perturbation="+".join(seen.kinds),
            cut=when(seen.cut),
            bars_ahead=seen.ahead,
            detail=f"changes at {when(seen.time)} when only data after {when(seen.cut)} change",
        )
