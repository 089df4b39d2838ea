"""The learning rate as it is."""


class Constant:
    """A factor of 1 throughout."""

    def factor(self, progress: float) -> float:
        """Return 1."""
        return 1.0
