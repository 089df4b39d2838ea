"""No costs at all."""


class Zero:
    """Trading is free: for tests of everything else, never for a verdict."""

    @property
    def rate(self) -> float:
        """Cost as a fraction of traded notional, per side."""
        return 0.0
