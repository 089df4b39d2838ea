"""What a venue asks of a fill rule."""

from typing import Protocol

from ploutos.execution.rules import FillRule


class Fill(Protocol):
    """Names the price at which orders fill."""

    @property
    def rule(self) -> FillRule:
        """Return the price as a weighted sum of the bar's prices."""
        ...
