"""What every source of bars offers."""

from typing import Any, Protocol

from ploutos.types import Bars


class Source(Protocol):
    """A source of bars.

    Attributes
    ----------
    session_timezone : IANA name of the zone whose calendar dates are the sessions.
    bar_minutes : length of one bar in minutes.
    """

    session_timezone: str
    bar_minutes: int

    def load(self) -> Bars:
        """Return all bars; raise `DataError` where they cannot be used."""
        ...

    def fingerprint(self) -> dict[str, Any]:
        """Return JSON-ready values that identify the content; equal values give equal bars."""
        ...
