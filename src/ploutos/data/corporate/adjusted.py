"""Prices that need no adjustment."""

from typing import Any

import polars as pl

from ploutos.data.calendars.calendar import Calendar
from ploutos.data.corporate.actions import ACTION_SCHEMA


class Adjusted:
    """Prices are adjusted for splits and dividends already, or the market has neither."""

    def apply(
        self, frame: pl.DataFrame, calendar: Calendar
    ) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, Any]]:
        """Return the frame as it is and no actions."""
        return frame, pl.DataFrame(schema=ACTION_SCHEMA), {"actions": "adjusted"}

    def fingerprint(self) -> dict[str, Any]:
        """Return the name."""
        return {"actions": "adjusted"}
