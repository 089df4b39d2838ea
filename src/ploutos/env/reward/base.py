"""What the environment asks of a reward."""

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Float = npt.NDArray[np.float64]


class Bar(NamedTuple):
    """What one bar did to B portfolios, all [B].

    Attributes
    ----------
    equity_t, equity_tp1 : currency, before and after the bar, net of all costs.
    peak_t, peak_tp1 : highest equity of the episode up to then, currency.
    turnover : traded notional / equity_t.
    """

    equity_t: Float
    equity_tp1: Float
    peak_t: Float
    peak_tp1: Float
    turnover: Float


class Reward(Protocol):
    """Pays for one bar; a pure function of the bar and of its own state."""

    def start(self, batch: int) -> Float:
        """Return the state [B, K] at the beginning of an episode; K may be 0."""
        ...

    def __call__(self, bar: Bar, state: Float) -> tuple[Float, Float]:
        """Return rewards [B] and the next state [B, K]; changes neither argument."""
        ...
