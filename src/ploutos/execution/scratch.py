"""Room that the kernel needs while it handles one portfolio."""

from typing import NamedTuple

import numpy as np

from ploutos.execution.ledger import Float


class Scratch(NamedTuple):
    """Rows [N] that every portfolio overwrites; one set a thread.

    Attributes
    ----------
    goal : target weights after all limits, NaN = hold.
    orders, closing : signed shares, by decision and by stops.
    price, notional, fee : of the fills at hand; currency.
    gain : realised profits, currency.
    """

    goal: Float
    orders: Float
    closing: Float
    price: Float
    notional: Float
    fee: Float
    gain: Float

    @classmethod
    def of(cls, assets: int) -> "Scratch":
        """Return room for portfolios of `assets` names."""
        return cls._make(np.empty(assets) for _ in cls._fields)
