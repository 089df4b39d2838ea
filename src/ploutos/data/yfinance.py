"""Bars from Yahoo Finance."""

from typing import Any

from ploutos.data.network.bars import NetworkBars
from ploutos.data.network.feed import Feed, parse_range
from ploutos.data.network.retries import Network
from ploutos.data.network.settings import MINUTES, Caching, ticker_list
from ploutos.data.network.yfinance import Interval, YahooChart
from ploutos.types import checked


class Yfinance(NetworkBars):
    """Daily bars of any depth, hourly bars of the last 730 days, as traded, with splits and dividends.

    Parameters
    ----------
    tickers : Yahoo's names.
    interval : "1d" or "1h".
    start, end : ISO dates, the second left out; null is the last complete bar.
    base_url : where the service is; null is Yahoo.
    cache : how the local copy is kept.
    network : how the service is asked.
    """

    @checked
    def __init__(
        self,
        *,
        tickers: list[str],
        interval: Interval,
        start: str,
        end: str | None,
        base_url: str | None,
        cache: Caching,
        network: Network,
    ) -> None:
        self.interval = interval
        self.bar_minutes = MINUTES[interval]
        first, last = parse_range(start, end)
        feed = Feed(
            provider=YahooChart(
                interval=interval, base_url=base_url, timeout_seconds=network.timeout_seconds
            ),
            plan=cache.plan(self.bar_minutes),
            network=network,
            folder=cache.path("yahoo", "chart", interval),
            tickers=ticker_list(tickers),
            start=first,
            end=last,
            offline=cache.offline,
        )
        super().__init__(feed, daily=interval == "1d", calendar=None)

    def fingerprint(self) -> dict[str, Any]:
        """Return the hash of the rows in use and what they are."""
        return {"source": "yfinance", "interval": self.interval, "sha256": self.content()}
