"""The arrays that environments and backtests read: one panel, or P altered copies of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.panel.panel import Panel


def read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a plain read-only view: mapped and computed arrays then share one compiled kernel."""
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True, kw_only=True)
class Market:
    """Prices and observations over P scenarios, T bars, N assets; read-only.

    Attributes
    ----------
    ts : [T], microseconds since the epoch, UTC, bar close.
    features : [P, T, N, F] float32; open, close : [P, T, N] float64 (see `Panel`).
    member : [T, N]; macro : [T, M] float32; delist_bar, delist_return : [N].
    """

    ts: npt.NDArray[np.int64]
    tickers: tuple[str, ...]
    feature_names: tuple[str, ...]
    macro_names: tuple[str, ...]
    features: npt.NDArray[np.float32]
    open: npt.NDArray[np.float64]
    close: npt.NDArray[np.float64]
    member: npt.NDArray[np.bool_]
    macro: npt.NDArray[np.float32]
    delist_bar: npt.NDArray[np.int32]
    delist_return: npt.NDArray[np.float64]

    @classmethod
    def of(cls, panel: Panel) -> "Market":
        """Return the market of one panel (P = 1) without copying it."""
        return cls(
            ts=read_only(panel.ts),
            tickers=panel.tickers,
            feature_names=panel.feature_names,
            macro_names=panel.macro_names,
            features=read_only(panel.features)[None],
            open=read_only(panel.open)[None],
            close=read_only(panel.close)[None],
            member=read_only(panel.member),
            macro=read_only(panel.macro),
            delist_bar=read_only(panel.delist_bar),
            delist_return=read_only(panel.delist_return),
        )
