"""The same market with a signal that predicts nothing."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ploutos.data.alpha.base import Planted, State, settings
from ploutos.data.synthetic_random import ar1
from ploutos.types import PositiveFloat, checked


class NoAlpha:
    """A first-order autoregression `signal` that no return follows.

    Parameters
    ----------
    half_life_bars : bars after which the signal's autocorrelation is one half.
    """

    ic = 0.0

    @checked
    def __init__(self, *, half_life_bars: PositiveFloat) -> None:
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
