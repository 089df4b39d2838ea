"""Keep the policy that did best on the validation window; stop when none has been better for long."""

from typing import Literal

from ploutos.agent.stopping.watch import Watch
from ploutos.env.market import Market
from ploutos.env.portfolio import Portfolio
from ploutos.types import ConfigError, PositiveInt, checked


class Validation:
    """Judges the policy in training every `every_steps` environment steps, on the ledger, after costs.

    References
    ----------
    Prechelt, Early Stopping - But When?, in Neural Networks: Tricks of the Trade, 1998.
    """

    @checked
    def __init__(
        self,
        *,
        every_steps: PositiveInt,
        patience_steps: PositiveInt,
        figure: Literal["sharpe", "log_growth"],
    ) -> None:
        self.every_steps = every_steps
        self.patience_steps = patience_steps
        self.figure = figure

    @property
    def needs_validation(self) -> bool:
        """True."""
        return True

    def watch(self, environment: Portfolio, market: Market, validation: slice) -> Watch:
        """Return what judges the policies of one training; refuses an empty window."""
        if validation.stop <= validation.start:
            raise ConfigError(
                "agent.stopping: the validation window is empty;"
                " set split.validation_months to 1 or more, or agent/stopping=none"
            )
        return Watch(
            environment=environment,
            market=market,
            rows=validation,
            every_steps=self.every_steps,
            patience_steps=self.patience_steps,
            figure=self.figure,
        )
