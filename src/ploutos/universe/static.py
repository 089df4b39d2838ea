"""A universe that never changes: the named tickers, or all of them."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ploutos.types import Bars, ConfigError, Ticker, checked, one_of


class Static:
    """The same tickers at every bar.

    The panel narrows this further: a ticker is tradable only while it is listed and its features are known.
    A list chosen today is a choice made with hindsight; the universe does not hide that.
    """

    @checked
    def __init__(self, *, tickers: list[Ticker] | None) -> None:
        if tickers is not None and not tickers:
            raise ConfigError("universe.tickers: the list is empty; name a ticker, or null for all")
        self.tickers = None if tickers is None else tuple(sorted(set(tickers)))

    def membership(
        self, bars: Bars, ts: npt.NDArray[np.int64], tickers: tuple[str, ...]
    ) -> npt.NDArray[np.bool_]:
        """Return membership [T, N] for the axis `ts` [T] and `tickers` (N).

        Raises
        ------
        ConfigError
            A ticker of the universe has no bars.
        """
        if self.tickers is None:
            return np.ones((len(ts), len(tickers)), dtype=np.bool_)
        known = set(tickers)
        for ticker in self.tickers:
            if ticker not in known:
                raise one_of("universe.tickers", ticker, tickers)
        chosen = np.isin(np.array(tickers), np.array(self.tickers))
        return np.tile(chosen, (len(ts), 1))

    def membership_and_report(
        self, bars: Bars, ts: npt.NDArray[np.int64], tickers: tuple[str, ...]
    ) -> tuple[npt.NDArray[np.bool_], dict[str, Any]]:
        """Return `membership`, and nothing to report."""
        return self.membership(bars, ts, tickers), {}

    def fingerprint(self) -> dict[str, Any]:
        """Return what decides the membership, JSON-ready."""
        return {"universe": "static", "tickers": self.tickers}
