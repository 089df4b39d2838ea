"""One signal that the expected return follows."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ploutos.data.alpha.base import Ic, Planted, State, settings
from ploutos.data.synthetic_random import ar1
from ploutos.types import PositiveFloat, checked


class Linear:
    """A first-order autoregression `signal`; the score is the signal.

    Parameters
    ----------
    ic : correlation of the score with the next bar's idiosyncratic log return.
    half_life_bars : bars after which the signal's autocorrelation is one half.
    """

    @checked
    def __init__(self, *, ic: Ic, half_life_bars: PositiveFloat) -> None:
        self.ic = ic
        self.half_life_bars = half_life_bars

    @property
    def states(self) -> Mapping[str, State]:
        """None: the market has one state."""
        return {}

    def draw(self, rng: np.random.Generator, rows: int, assets: int) -> Planted:
        """Draw the signal."""
        signal = ar1(rng, (rows, assets), half_life=self.half_life_bars)
        return Planted(signals={"signal": signal}, score=signal)

    def fingerprint(self) -> dict[str, Any]:
        """Return every setting."""
        return settings(self)
