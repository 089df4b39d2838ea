"""How a long fit survives an interruption."""

from typing import Any, Protocol

State = dict[str, Any]


class Checkpoints(Protocol):
    """Keeps the state of one unfinished fit; whoever fits the same again gets it back."""

    def load(self) -> State | None:
        """Return what an interrupted fit of the same identity saved last; None where there is nothing."""
        ...

    def due(self) -> bool:
        """Return whether it is time to save again."""
        ...

    def save(self, state: State) -> None:
        """Replace what is kept, whole or not at all.

        `state` is a nest of dicts and lists of tensors, numbers and strings. A fit that goes on from it must
        end in the same policy, bit for bit, as if it had never stopped.
        """
        ...


class NoCheckpoints:
    """Keeps nothing."""

    def load(self) -> State | None:
        """Return None."""
        return None

    def due(self) -> bool:
        """Return False."""
        return False

    def save(self, state: State) -> None:
        """Ignore."""


NO_CHECKPOINTS = NoCheckpoints()
