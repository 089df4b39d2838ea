"""The state of B portfolios."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Cash and holdings of B portfolios over N assets; the arrays are updated in place.

    Attributes
    ----------
    cash : [B], currency, >= 0.
    shares : [B, N], fractional shares, >= 0.
    entry : [B, N], average entry price of the open position, 0 where flat.
    equity : [B], cash + sum of shares x last known close.
    peak : [B], highest equity so far.
    """

    cash: Float
    shares: Float
    entry: Float
    equity: Float
    peak: Float

    @classmethod
    def open(cls, batch: int, assets: int, capital: float) -> "Ledger":
        """Return `batch` portfolios that hold `capital` in cash."""
        return cls(
            cash=np.full(batch, capital),
            shares=np.zeros((batch, assets)),
            entry=np.zeros((batch, assets)),
            equity=np.full(batch, capital),
            peak=np.full(batch, capital),
        )

    def reset(self, index: int, capital: float) -> None:
        """Put portfolio `index` back to `capital` in cash."""
        self.cash[index] = self.equity[index] = self.peak[index] = capital
        self.shares[index] = 0.0
        self.entry[index] = 0.0

    def copy(self) -> "Ledger":
        """Return an independent copy."""
        return Ledger(
            cash=self.cash.copy(),
            shares=self.shares.copy(),
            entry=self.entry.copy(),
            equity=self.equity.copy(),
            peak=self.peak.copy(),
        )
