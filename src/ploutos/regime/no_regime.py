"""No market states."""

from ploutos.panel.panel import Panel
from ploutos.regime.fitted_regime import FittedRegime


class NoRegime:
    """Fits nothing and adds no columns."""

    def __init__(self) -> None:
        """Take no settings."""

    def check(self, panel: Panel) -> None:
        """Accept every panel."""

    def require_room(self, panel: Panel, rows: slice) -> None:
        """Accept every training window."""

    def fit(self, panel: Panel, rows: slice) -> FittedRegime | None:
        """Return None."""
        return None
