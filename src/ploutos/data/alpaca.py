"""Bars of US stocks from Alpaca."""

from datetime import time
from typing import Any

from ploutos.data.network.alpaca import AlpacaBars, Interval, Tape
from ploutos.data.network.bars import NetworkBars
from ploutos.data.network.feed import Feed, parse_range
from ploutos.data.network.retries import Network
from ploutos.data.network.settings import MINUTES, Caching, ticker_list
from ploutos.types import checked

INSIDE = time(10)
"""The hour from 10:00 in New York lies in every session, also in those that close early."""


class Alpaca(NetworkBars):
    """Hourly or daily bars since 2016 as traded, with splits and dividends where the subscription has them.

    The keys stand in the environment as APCA_API_KEY_ID and APCA_API_SECRET_KEY; a full cache needs none.

    Parameters
    ----------
    tickers : US symbols.
    interval : "1d" or "1h"; hourly bars begin at full hours and include those before and after the session.
    start, end : ISO dates, the second left out; null is the last complete bar.
    feed : "sip" (all exchanges) or "iex" (one exchange).
    base_url : where the service is; null is Alpaca.
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
        feed: Tape,
        base_url: str | None,
        cache: Caching,
        network: Network,
    ) -> None:
        self.interval = interval
        self.tape = feed
        self.bar_minutes = MINUTES[interval]
        first, last = parse_range(start, end)
        wanted = Feed(
            provider=AlpacaBars(
                interval=interval, feed=feed, base_url=base_url, timeout_seconds=network.timeout_seconds
            ),
            plan=cache.plan(self.bar_minutes),
            network=network,
            folder=cache.path("alpaca", feed, interval),
            tickers=ticker_list(tickers),
            start=first,
            end=last,
            offline=cache.offline,
        )
        super().__init__(wanted, daily=interval == "1d", calendar=None, inside=INSIDE)

    def fingerprint(self) -> dict[str, Any]:
        """Return the hash of the rows in use and what they are."""
        return {"source": "alpaca", "interval": self.interval, "feed": self.tape, "sha256": self.content()}
