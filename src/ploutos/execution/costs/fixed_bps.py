"""Costs proportional to traded notional."""

from ploutos.types import Bps, checked


class FixedBps:
    """Every side of a trade costs the same share of its notional.

    cost = notional x cost_bps / 10 000, notional = |quantity| x fill price.
    """

    @checked
    def __init__(self, *, cost_bps: Bps) -> None:
        self.cost_bps = cost_bps

    @property
    def rate(self) -> float:
        """Cost as a fraction of traded notional, per side."""
        return self.cost_bps / 10_000.0
