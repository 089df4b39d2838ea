"""The arrays that environments and backtests read: one panel, or P altered copies of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.env.truth import Truth
from ploutos.execution.corporate_actions import Events, events_by_row
from ploutos.execution.roster import Roster, events_of_columns
from ploutos.execution.tape import Tape, last_rows, read_only, years_between
from ploutos.panel.panel import Panel
from ploutos.types import ConfigError
from ploutos.types.fields import CLOSE, OPEN


@dataclass(frozen=True, kw_only=True, eq=False)
class Market:
    """Prices and observations over P scenarios, T bars, N assets; read-only.

    An asset is a column: a name, or a slot that shows one name after the other (`ploutos.panel.slots`).

    Attributes
    ----------
    ts : [T], microseconds since the epoch, UTC, bar close.
    features : [P, T, N, F] float32; macro : [T, M] float32 (see `Panel`).
    tape : prices, membership and corporate actions, as venues read them.
    roster : the names behind the assets.
    sessions_per_year : what figures are annualised by, see `ploutos.types.session.sessions_a_year`.
    truth : what a synthetic market expects of the next bar; no part of an observation.
    """

    ts: npt.NDArray[np.int64]
    feature_names: tuple[str, ...]
    macro_names: tuple[str, ...]
    features: npt.NDArray[np.float32]
    macro: npt.NDArray[np.float32]
    tape: Tape
    roster: Roster
    sessions_per_year: float
    truth: Truth | None = None

    @classmethod
    def of(cls, panel: Panel) -> "Market":
        """Return the market of one panel (P = 1) without copying it."""
        names, prices = events_of(panel), read_only(panel.prices)[None]
        asset = panel.slot_asset
        return cls(
            ts=read_only(panel.ts),
            feature_names=panel.feature_names,
            macro_names=panel.macro_names,
            features=read_only(first_known(panel.slot_features, panel.features))[None],
            macro=read_only(panel.macro),
            sessions_per_year=panel.sessions_per_year,
            truth=Truth.of(panel),
            roster=Roster(tickers=panel.tickers, asset=asset, prices=prices, events=names),
            tape=Tape(
                prices=prices if panel.slot_prices is None else read_only(panel.slot_prices)[None],
                member=read_only(first_known(panel.slot_member, panel.member)),
                events=names if asset is None else events_of_columns(names, asset),
                years=years_between(panel.ts),
                session_last=last_rows(panel.clock.dates(panel.ts)),
            ),
        )

    def with_macro(self, names: Sequence[str], values: npt.NDArray[np.float32]) -> "Market":
        """Return this market with further macro columns `values` [T, len(names)] behind those it has.

        Prices are shared, so venues are too (see `Portfolio.venue`).

        Raises
        ------
        ConfigError
            A column of one of these names exists.
        """
        for name in names:
            if name in self.macro_names:
                raise ConfigError(f"macro column '{name}': there is one of this name already")
        return replace(
            self,
            macro_names=(*self.macro_names, *names),
            macro=read_only(np.concatenate([self.macro, values], axis=1)),
        )

    @property
    def assets(self) -> int:
        """How many assets an environment shows (N)."""
        count: int = self.features.shape[2]
        return count

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


def first_known(slots: npt.NDArray[Any] | None, names: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return what the slots show, or the names themselves where each has its own."""
    return names if slots is None else slots


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
