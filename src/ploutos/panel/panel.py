"""The panel: everything a strategy may see and trade, on one calendar."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.panel import calendar
from ploutos.types.fields import CLOSE, HIGH, LOW, OPEN, VOLUME
from ploutos.types.session import SessionClock


@dataclass(frozen=True, kw_only=True, eq=False)
class Panel:
    """Arrays over time T, tickers N, features F and macro columns M; indexed by date, never by row number.

    Attributes
    ----------
    hash : content address, hexadecimal SHA-256; empty for a panel that was assembled in memory only.
    clock : dates the sessions.
    ts : [T] bar close, microseconds since the epoch, UTC, strictly increasing.
    tickers : every ticker of the source, sorted.
    feature_names : signals last.
    features : [T, N, F] float32; NaN where unknown. Between a ticker's bars the last values are carried
        forward; NaN before its first bar and from `delist_bar` on.
    prices : [T, 5, N] one row holds, side by side, what one bar of trading reads:
        open, high, low : [T, N] quote currency; NaN where the ticker has no bar (it cannot be traded);
        close : [T, N] quote currency, last known, carried forward; NaN before the first bar;
        volume : [T, N] shares; 0 where the ticker has no bar.
    member : [T, N] in the universe, begun, not delisted, and every feature known.
    macro : [T, M] float32, free of NaN.
    delist_bar : [N] row at which a holding is paid out, the market's first bar after the ticker's last;
        -1 never.
    delist_return : [N] payout = close[delist_bar - 1] x (1 + delist_return); 0 where never.
    action_bar, action_asset : [A] row at whose open, and column in which, a split or dividend takes effect.
    action_split, action_dividend : [A] new shares for one old share (1: none); currency per share after the
        split (0: none).
    slot_asset : [T, K] the column of the name that each slot of an environment shows, -1 for none (see
        `panel.slots`); None where every name has its own slot for good: environments show the arrays above.
    slot_features, slot_prices, slot_member : [T, K, F], [T, 5, K], [T, K] what the slots show; NaN, NaN and
        volume 0, False where a slot is empty.
    expected_return : [T, N] conditional expected simple return of the next bar (synthetic markets), or None.
    signals : names of the features that the source supplied.
    quality : the data-quality report.
    """

    hash: str
    clock: SessionClock
    ts: npt.NDArray[np.int64]
    tickers: tuple[str, ...]
    feature_names: tuple[str, ...]
    macro_names: tuple[str, ...]
    features: npt.NDArray[np.float32]
    prices: npt.NDArray[np.float64]
    member: npt.NDArray[np.bool_]
    macro: npt.NDArray[np.float32]
    delist_bar: npt.NDArray[np.int32]
    delist_return: npt.NDArray[np.float64]
    action_bar: npt.NDArray[np.int32]
    action_asset: npt.NDArray[np.int32]
    action_split: npt.NDArray[np.float64]
    action_dividend: npt.NDArray[np.float64]
    slot_asset: npt.NDArray[np.int32] | None
    slot_features: npt.NDArray[np.float32] | None
    slot_prices: npt.NDArray[np.float64] | None
    slot_member: npt.NDArray[np.bool_] | None
    expected_return: npt.NDArray[np.float64] | None
    signals: tuple[str, ...]
    quality: dict[str, Any] = field(default_factory=dict)

    @property
    def open(self) -> npt.NDArray[np.float64]:
        """Open, a view [T, N] of `prices`."""
        return self.prices[:, OPEN]

    @property
    def high(self) -> npt.NDArray[np.float64]:
        """High, a view [T, N] of `prices`."""
        return self.prices[:, HIGH]

    @property
    def low(self) -> npt.NDArray[np.float64]:
        """Low, a view [T, N] of `prices`."""
        return self.prices[:, LOW]

    @property
    def close(self) -> npt.NDArray[np.float64]:
        """Last known close, a view [T, N] of `prices`."""
        return self.prices[:, CLOSE]

    @property
    def volume(self) -> npt.NDArray[np.float64]:
        """Volume, a view [T, N] of `prices`."""
        return self.prices[:, VOLUME]

    @cached_property
    def sessions_per_year(self) -> float:
        """Trading sessions a year, see `ploutos.panel.calendar`."""
        return calendar.sessions_per_year(self.ts, self.clock)

    @cached_property
    def bars_per_year(self) -> float:
        """Bars a year, see `ploutos.panel.calendar`."""
        return calendar.bars_per_year(self.ts, self.clock)
