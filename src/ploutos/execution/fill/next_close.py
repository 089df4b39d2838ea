"""Orders fill at the close of the next bar."""

from ploutos.execution.rules import FillRule


class NextClose:
    """A market-on-close order of the bar after the decision; a whole bar of delay."""

    rule = FillRule(at_open=False, weights=(0.0, 0.0, 0.0, 1.0))
