"""A signal whose sign flips with the hidden state of the market."""

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from ploutos.data.alpha.base import Ic, Planted, State, settings
from ploutos.data.synthetic_random import ar1
from ploutos.types import PositiveFloat, checked


class Regime:
    """A first-order autoregression `signal` that is the score; returns follow it times the state's direction.

    The state shows in the market's volatility and drift, and in how returns agreed with the signal lately.

    Parameters
    ----------
    ic : correlation of score x direction with the next bar's idiosyncratic log return.
    half_life_bars : bars after which the signal's autocorrelation is one half.
    states : by name; a state lasts for whole sessions.
    """

    @checked
    def __init__(
        self,
        *,
        ic: Ic,
        half_life_bars: PositiveFloat,
        states: Annotated[dict[str, State], Field(min_length=2)],
    ) -> None:
        self.ic = ic
        self.half_life_bars = half_life_bars
        self.states = states

    def draw(self, rng: np.random.Generator, rows: int, assets: int) -> Planted:
        """Draw the signal."""
        signal = ar1(rng, (rows, assets), half_life=self.half_life_bars)
        return Planted(signals={"signal": signal}, score=signal)

    def fingerprint(self) -> dict[str, Any]:
        """Return every setting."""
        states = {name: state.model_dump() for name, state in self.states.items()}
        return settings(self) | {"states": states}
