"""The state of B portfolios."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ploutos.execution.dust import DUST

Float = npt.NDArray[np.float64]


class Ledger(NamedTuple):
    """Cash and holdings of B portfolios over N assets; the arrays are updated in place.

    Attributes
    ----------
    cash : [B], currency; negative only in a margin account.
    shares : [B, N], negative where short.
    entry : [B, N], average entry price of the open position, 0 where flat.
    best : [B, N], highest high (short: lowest low) since the position was opened, 0 where flat.
    age : [B, N], bars since the position was opened; negative: decisions left in its cool-down.
    equity : [B], cash + sum of shares x last known close.
    peak : [B], highest equity so far.
    realised, costs, dividends, financing : [B], currency, totals since the start: profit of closed positions
        before costs; costs of fills; dividends received less paid; borrow fees and interest.
    limit_peak : [B], what the drawdown limit is measured from; session_base : [B], the equity that the limit
        on a session's loss is measured from; flat_until : [B], decisions at rows below it flatten everything.
    """

    cash: Float
    shares: Float
    entry: Float
    best: Float
    age: npt.NDArray[np.int32]
    equity: Float
    peak: Float
    realised: Float
    costs: Float
    dividends: Float
    financing: Float
    limit_peak: Float
    session_base: Float
    flat_until: npt.NDArray[np.int64]

    @classmethod
    def open(cls, batch: int, assets: int, capital: float) -> "Ledger":
        """Return `batch` portfolios that hold `capital` in cash."""
        by_name = {name: np.zeros((batch, assets)) for name in ("shares", "entry", "best")}
        totals = ("cash", "equity", "peak", "realised", "costs", "dividends", "financing")
        by_portfolio = {name: np.zeros(batch) for name in (*totals, "limit_peak", "session_base")}
        ledger = cls(
            **by_name,
            **by_portfolio,
            age=np.zeros((batch, assets), np.int32),
            flat_until=np.zeros(batch, np.int64),
        )
        ledger.reset(slice(None), capital)
        return ledger

    @property
    def broke(self) -> npt.NDArray[np.bool_]:
        """Where all is lost [B]; such a portfolio holds nothing and trades no more."""
        return self.equity <= DUST * self.peak

    def reset(self, index: int | slice | npt.NDArray[np.integer], capital: float) -> None:
        """Put the portfolios `index` back to `capital` in cash."""
        for field in self:
            field[index] = 0
        for field in (self.cash, self.equity, self.peak, self.limit_peak, self.session_base):
            field[index] = capital

    def copy(self) -> "Ledger":
        """Return an independent copy."""
        return Ledger._make(field.copy() for field in self)
