"""A signal whose moment comes some bars after it was shown."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ploutos.data.alpha.base import Ic, Planted, State, settings
from ploutos.data.synthetic_random import ar1
from ploutos.types import PositiveFloat, PositiveInt, checked


class Memory:
    """A first-order autoregression `signal`; the score is what it showed `lag_bars` before.

    What the present signal tells of the score is its autocorrelation 2^(-lag_bars / half_life_bars). Until
    something was shown so long ago the score is 0.

    Parameters
    ----------
    ic : correlation of the score with the next bar's idiosyncratic log return.
    half_life_bars : bars after which the signal's autocorrelation is one half.
    lag_bars : the signal shown at a bar's close moves the return of bar + 1 + `lag_bars`.
    """

    @checked
    def __init__(self, *, ic: Ic, half_life_bars: PositiveFloat, lag_bars: PositiveInt) -> None:
        self.ic = ic
        self.half_life_bars = half_life_bars
        self.lag_bars = lag_bars

    @property
    def states(self) -> Mapping[str, State]:
        """None: the market has one state."""
        return {}

    def draw(self, rng: np.random.Generator, rows: int, assets: int) -> Planted:
        """Draw the signal and shift it; row 0 is shown at no bar's close."""
        signal = ar1(rng, (rows, assets), half_life=self.half_life_bars)
        score = np.zeros_like(signal)
        score[self.lag_bars + 1 :] = signal[1 : -self.lag_bars]
        return Planted(signals={"signal": signal}, score=score)

    def fingerprint(self) -> dict[str, Any]:
        """Return every setting."""
        return settings(self)
