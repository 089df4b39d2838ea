"""What a venue asks of an account."""

from typing import Protocol

from ploutos.execution.rules import AccountRules


class Account(Protocol):
    """Says which orders are allowed."""

    @property
    def rules(self) -> AccountRules:
        """Return the account's rules as numbers."""
        ...
