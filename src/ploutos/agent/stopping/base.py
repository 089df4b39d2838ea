"""What a trainer asks of a stopping rule."""

from typing import TYPE_CHECKING, Protocol

from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio

if TYPE_CHECKING:
    from ploutos.agent.stopping.watch import Watch


class Stopping(Protocol):
    """Whether a training ends before its last step, and which of its policies is kept."""

    @property
    def needs_validation(self) -> bool:
        """True where the rule looks at the validation window, which then may not be empty."""
        ...

    def watch(self, environment: Portfolio, market: Market, validation: slice) -> "Watch | None":
        """Return what judges the policies of one training on the rows `validation`; None: nobody does."""
        ...
