"""Orders fill at the open of the next bar."""

from ploutos.execution.rules import FillRule


class NextOpen:
    """The first price that an order sent after the close can get."""

    rule = FillRule(at_open=True, weights=(1.0, 0.0, 0.0, 0.0))
