"""Two signals that predict together and not alone."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ploutos.data.alpha.base import Ic, Planted, State, settings
from ploutos.data.synthetic_random import ar1
from ploutos.types import PositiveFloat, checked


class Interaction:
    """Two independent autoregressions `signal_a`, `signal_b`; the score is their product.

    Given either one alone, the expected score is 0. The product's autocorrelation at a lag is the product of
    both signals': one half after half of `half_life_bars`.

    Parameters
    ----------
    ic : correlation of the score with the next bar's idiosyncratic log return.
    half_life_bars : bars after which each signal's autocorrelation is one half.
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
        """Draw both signals and multiply them."""
        a, b = (ar1(r, (rows, assets), half_life=self.half_life_bars) for r in rng.spawn(2))
        return Planted(signals={"signal_a": a, "signal_b": b}, score=a * b)

    def fingerprint(self) -> dict[str, Any]:
        """Return every setting."""
        return settings(self)
