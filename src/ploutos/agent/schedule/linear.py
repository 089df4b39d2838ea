"""The learning rate falls in a straight line."""

from ploutos.types import Fraction, checked


class Linear:
    """From 1 to `final` in equal steps."""

    @checked
    def __init__(self, *, final: Fraction) -> None:
        self.final = final

    def factor(self, progress: float) -> float:
        """Return 1 - progress x (1 - final)."""
        done = min(max(progress, 0.0), 1.0)
        return 1.0 - done * (1.0 - self.final)
