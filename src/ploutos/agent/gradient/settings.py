"""Settings that need no Torch."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class DecisionSettings:
    """How a `WeightActor` decides.

    Attributes
    ----------
    sees_portfolio : whether positions, gains and the account are inputs too.
    initial_rate : share of the way that an untrained policy goes, (0, 1).
    initial_band : of an untrained policy, in equal weights (1 / members), > 0.
    """

    sees_portfolio: bool
    initial_rate: float
    initial_band: float
