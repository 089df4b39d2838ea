"""Features, holdings, portfolio state and macro context."""

from ploutos.env.layout import Layout
from ploutos.env.market import Market


class Standard:
    """Everything a decision at the close of bar t may know, in the order of `Layout`."""

    def layout(self, market: Market) -> Layout:
        """Return the layout for `market`."""
        return Layout(market.assets, market.feature_names, market.macro_names)
