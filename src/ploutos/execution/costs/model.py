"""What the kernel asks of a cost model."""

from typing import Protocol


class CostModel(Protocol):
    """Prices a fill."""

    @property
    def rate(self) -> float:
        """Cost as a fraction of traded notional, per side."""
        ...
