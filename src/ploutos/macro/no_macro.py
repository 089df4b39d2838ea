"""No macro context."""

from typing import Any

import polars as pl

from ploutos.macro.source import MacroSource


class NoMacro(MacroSource):
    """A source without levels: no columns."""

    def __init__(self) -> None:
        super().__init__(None)

    def load(self) -> pl.DataFrame:
        """Return no rows and no levels."""
        return pl.DataFrame(schema={"available_at": pl.Datetime("us", "UTC")})

    def fingerprint(self) -> dict[str, Any]:
        """Return the constant identity of nothing."""
        return {"source": "no_macro"}
