"""The settings that every source of bars over the network shares, and the feed that they make."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ploutos.data.network.clock import DAY
from ploutos.data.network.download import OnRevision, Plan
from ploutos.types import ConfigError, NonNegativeFloat, PositiveFloat, PositiveInt

Interval = Literal["1d", "1h"]

MINUTES: dict[Interval, int] = {"1d": 1440, "1h": 60}
"""Minutes of a bar."""


class Caching(BaseModel):
    """How the local copy is kept; explained in `conf/data/yfinance.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: str
    offline: bool
    refresh_hours: NonNegativeFloat
    page_days: PositiveInt
    overlap_days: NonNegativeFloat
    max_gap_days: PositiveFloat
    revision_tolerance: NonNegativeFloat
    on_revision: OnRevision

    def plan(self, bar_minutes: int) -> Plan:
        """Return the plan of a download of such bars."""
        return Plan(
            bar=bar_minutes * DAY // 1440,
            page=self.page_days * DAY,
            overlap=int(self.overlap_days * DAY),
            longest_gap=int(self.max_gap_days * DAY),
            tolerance=self.revision_tolerance,
            on_revision=self.on_revision,
            refresh=int(self.refresh_hours * DAY / 24),
        )

    def path(self, *parts: str) -> Path:
        """Return the folder of one provider, feed and interval."""
        return Path(self.folder).expanduser().joinpath(*parts)


def ticker_list(tickers: list[str]) -> list[str]:
    """Return the tickers sorted, each once; raises `ConfigError` for none and for an empty name."""
    if not tickers:
        raise ConfigError("tickers: the list is empty; name at least one ticker")
    for ticker in tickers:
        if not ticker or ticker != ticker.strip() or any(sign.isspace() for sign in ticker):
            raise ConfigError(f"tickers: '{ticker}' is not a ticker")
    return sorted(set(tickers))
