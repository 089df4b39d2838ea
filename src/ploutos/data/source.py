"""What every source of bars offers."""

from typing import Any, Protocol

from ploutos.types import Bars
from ploutos.types.session import SessionClock


class Source(Protocol):
    """A source of bars.

    Attributes
    ----------
    clock : dates the sessions.
    """

    @property
    def clock(self) -> SessionClock: ...  # noqa: D102

    def load(self) -> Bars:
        """Return all bars; raise `DataError` where they cannot be used."""
        ...

    def fingerprint(self) -> dict[str, Any]:
        """Return JSON-ready values that identify the content; equal values give equal bars."""
        ...
