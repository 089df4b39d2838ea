"""The arrays that environments and backtests read: one panel, or P altered copies of it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ploutos.execution.corporate_actions import Events, events_by_row
from ploutos.execution.tape import Tape, last_rows, read_only, years_between
from ploutos.panel.panel import Panel
from ploutos.types.fields import CLOSE, OPEN


@dataclass(frozen=True, kw_only=True, eq=False)
class Market:
    """Prices and observations over P scenarios, T bars, N assets; read-only.

    Attributes
    ----------
    ts : [T], microseconds since the epoch, UTC, bar close.
    features : [P, T, N, F] float32; macro : [T, M] float32 (see `Panel`).
    tape : prices, membership and corporate actions, as venues read them.
    """

    ts: npt.NDArray[np.int64]
    tickers: tuple[str, ...]
    feature_names: tuple[str, ...]
    macro_names: tuple[str, ...]
    features: npt.NDArray[np.float32]
    macro: npt.NDArray[np.float32]
    tape: Tape

    @classmethod
    def of(cls, panel: Panel) -> "Market":
        """Return the market of one panel (P = 1) without copying it."""
        return cls(
            ts=read_only(panel.ts),
            tickers=panel.tickers,
            feature_names=panel.feature_names,
            macro_names=panel.macro_names,
            features=read_only(panel.features)[None],
            macro=read_only(panel.macro),
            tape=Tape(
                prices=read_only(panel.prices)[None],
                member=read_only(panel.member),
                events=events_of(panel),
                years=years_between(panel.ts),
                session_last=last_rows(panel.clock.dates(panel.ts)),
            ),
        )

    @property
    def member(self) -> npt.NDArray[np.bool_]:
        """Membership [T, N]."""
        return self.tape.member

    @property
    def open(self) -> npt.NDArray[np.float64]:
        """Opens [P, T, N], NaN where a name has no bar."""
        return self.tape.prices[:, :, OPEN]

    @property
    def close(self) -> npt.NDArray[np.float64]:
        """Last known closes [P, T, N]."""
        return self.tape.prices[:, :, CLOSE]


def events_of(panel: Panel) -> Events:
    """Return splits, dividends and delistings of `panel` by row."""
    gone = np.flatnonzero(panel.delist_bar >= 0)
    nothing = np.full(len(panel.action_bar), np.nan)
    return events_by_row(
        len(panel.ts),
        bar=np.concatenate([panel.action_bar, panel.delist_bar[gone]]),
        asset=np.concatenate([panel.action_asset, gone]),
        split=np.concatenate([panel.action_split, np.ones(len(gone))]),
        dividend=np.concatenate([panel.action_dividend, np.zeros(len(gone))]),
        delisting=np.concatenate([nothing, panel.delist_return[gone]]),
    )
