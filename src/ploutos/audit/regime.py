"""Regimes: fitted on the training window, filtered forwards."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ploutos.audit.fitted import compare_fitted, flatten
from ploutos.audit.panels import panel_after, panel_outside
from ploutos.audit.perturb import KINDS
from ploutos.audit.report import Section
from ploutos.audit.tally import Tally
from ploutos.panel.panel import Panel


class Fitted(Protocol):
    """A regime model after its fit; `as_dict`, where it has one, tells its numbers."""

    def columns(self, panel: Panel) -> tuple[tuple[str, ...], npt.NDArray[np.float32]]:
        """Return names (S) and values [T, S] known at each bar."""
        ...


class Regime(Protocol):
    """Fits a model of market states; None where it has nothing to fit."""

    def fit(self, panel: Panel, rows: slice) -> Any:
        """Return what was fitted on the training `rows`."""
        ...


def audit_regime(regime: Regime, panel: Panel, train: slice, cuts: Sequence[int], *, seed: int) -> Section:
    """Compare the columns up to each cut, and what is fitted with other rows outside the training window.

    A regime may keep the panel on which it was made: at the first cut behind the training window it is made
    anew.
    """
    tally = Tally("regime")
    fitted: Fitted | None = regime.fit(panel, train)
    if fitted is None:
        return tally.section()
    names, base = fitted.columns(panel)
    tally.columns.update(names)
    twin = regime.fit(panel, train)
    tally.repeat(names, base, twin.columns(panel)[1])
    ends = int(panel.ts[train.start]), int(panel.ts[train.stop - 1])
    for kind in KINDS:
        other = tally.attempt(kind, regime.fit, panel_outside(panel, train, kind, seed), train)
        if other is None:
            continue
        if hasattr(fitted, "as_dict"):
            one, found = (dict(flatten(model.as_dict())) for model in (fitted, other))
            compare_fitted(tally, one, found, kind, ends)
        inside = slice(train.start, train.stop)
        shown = tally.attempt(kind, other.columns, panel)
        if shown is not None:  # the same model on the same data
            tally.compare(
                names, base[inside], shown[1][inside], panel.ts[inside], inside.stop - inside.start - 1, kind
            )
    behind = next((cut for cut in cuts if cut >= train.stop), None)
    for cut in cuts:
        for kind in KINDS:
            changed = panel_after(panel, cut, kind, seed)
            model = tally.attempt(kind, regime.fit, changed, train) if cut == behind else fitted
            shown = None if model is None else tally.attempt(kind, model.columns, changed)
            if shown is not None:
                tally.compare(names, base, shown[1], panel.ts, cut, kind)
    return tally.section()
