"""What a trainer asks of a schedule."""

from typing import Protocol


class Schedule(Protocol):
    """How the learning rate moves over the training."""

    def factor(self, progress: float) -> float:
        """Return by what the learning rate is multiplied when the share `progress` in [0, 1] is done."""
        ...
