"""What a provider of rows offers to the download."""

from dataclasses import dataclass, field
from typing import Any, Protocol

import polars as pl

from ploutos.data.network.spans import Span

SERVED = "served"
"""What `About.answers["corporate_actions"]` says, if anything, where the provider offers them."""


@dataclass(frozen=True)
class About:
    """What a provider says of one ticker before its rows are asked for.

    Attributes
    ----------
    actions : [ISO date, split, dividend] of raw prices, sorted; None where the provider offers none.
    first : time of the ticker's first row, if known; nothing is asked for before it.
    answers : JSON-ready values worth keeping: time zone, currency, ...
    """

    actions: list[tuple[str, float, float]] | None = None
    first: int | None = None
    answers: dict[str, Any] = field(default_factory=dict)


class Provider(Protocol):
    """A service that serves rows of one ticker at a time; times are microseconds since the epoch, UTC.

    Attributes
    ----------
    name : of the service, in messages.
    columns : names of the numbers beside `ts`.
    prices : the columns of which a row must have one to be a bar; empty keeps every row.
    late : how long a row may take to appear, in microseconds; nothing after the last row served counts as
        fetched until then.
    """

    name: str
    columns: tuple[str, ...]
    prices: tuple[str, ...]
    late: int

    def earliest(self, now: int) -> int | None:
        """Return the earliest time that the service serves today; None for no limit."""
        ...

    def limit(self, now: int) -> int:
        """Return the time before which every bar is complete and settled."""
        ...

    def about(self, ticker: str, span: Span) -> About:
        """Describe the ticker; `span` reaches from its first row wanted to the present.

        Raises
        ------
        Transient, DataError
            A failure that may pass; one that will not, such as an unknown ticker.
        """
        ...

    def page(self, ticker: str, span: Span, about: About) -> pl.DataFrame:
        """Return `ts` and the columns of the bars that start within `span`, as served, in any order.

        Raises
        ------
        Transient, DataError
            As `about`.
        """
        ...
