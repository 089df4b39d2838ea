"""What a venue asks of stops."""

from typing import Protocol

from ploutos.execution.rules import StopRules


class Stops(Protocol):
    """Says when positions are closed whatever the policy wants."""

    @property
    def rules(self) -> StopRules:
        """Return the levels as numbers."""
        ...
