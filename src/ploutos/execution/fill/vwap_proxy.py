"""Orders fill at the average of the next bar's four prices."""

from ploutos.execution.rules import FillRule


class VwapProxy:
    """An order worked through the bar; (open + high + low + close) / 4 stands in for its average price."""

    rule = FillRule(at_open=False, weights=(0.25, 0.25, 0.25, 0.25))
