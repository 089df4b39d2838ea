"""How a long fit tells the outside what it is doing."""

from typing import Protocol


class Monitor(Protocol):
    """Receives progress and training curves while an agent fits."""

    def progress(self, done: int, total: int) -> None:
        """Say that `done` of `total` steps are done."""
        ...

    def curves(self, values: dict[str, float], step: int) -> None:
        """Record the named values at environment step `step`."""
        ...

    def outcome(self, figures: dict[str, float]) -> None:
        """Say, once and at the end, how training went: `steps` trained, and what its stopping rule found."""
        ...


class Silent:
    """A monitor that listens to nobody."""

    def progress(self, done: int, total: int) -> None:
        """Ignore."""

    def curves(self, values: dict[str, float], step: int) -> None:
        """Ignore."""

    def outcome(self, figures: dict[str, float]) -> None:
        """Ignore."""
