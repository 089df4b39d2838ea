"""Train to the last step and keep the last policy."""

from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio


class NoStopping:
    """The validation window is not looked at."""

    @property
    def needs_validation(self) -> bool:
        """False."""
        return False

    def watch(self, environment: Portfolio, market: Market, validation: slice) -> None:
        """Return None."""
