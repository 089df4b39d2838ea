"""Daily macro levels from Yahoo Finance."""

from pydantic import BaseModel, ConfigDict

from ploutos.data.network.feed import Feed, parse_range
from ploutos.data.network.retries import Network
from ploutos.data.network.settings import Caching
from ploutos.data.network.yfinance import YahooChart
from ploutos.macro.network_levels import NetworkLevels, Published
from ploutos.macro.source import Columns
from ploutos.types import PositiveInt, checked


class Index(BaseModel):
    """A ticker of Yahoo and after how many calendar days its close is known."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    ticker: str
    publication_lag_days: PositiveInt


class Yfinance(NetworkLevels):
    """Closes of VIX, 10-year yield (TNX) and dollar index (DXY).

    Parameters
    ----------
    vix, tnx, dxy : the level's ticker and publication lag in calendar days; null leaves the level out.
    start, end : ISO dates, the second left out; null is the present.
    publication_timezone, publication_time : wall time of the day of publication.
    base_url : where the service is; null is Yahoo.
    cache : how the local copy is kept.
    network : how the service is asked.
    columns : settings of the derived columns.
    """

    @checked
    def __init__(
        self,
        *,
        vix: Index | None,
        tnx: Index | None,
        dxy: Index | None,
        start: str,
        end: str | None,
        publication_timezone: str,
        publication_time: str,
        base_url: str | None,
        cache: Caching,
        network: Network,
        columns: Columns,
    ) -> None:
        given = {"vix": vix, "tnx": tnx, "dxy": dxy}
        indices = {name: one for name, one in given.items() if one is not None}
        first, last = parse_range(start, end)
        feed = Feed(
            provider=YahooChart(interval="1d", base_url=base_url, timeout_seconds=network.timeout_seconds),
            plan=cache.plan(1440),
            network=network,
            folder=cache.path("yahoo", "chart", "1d"),
            tickers=sorted({one.ticker for one in indices.values()}),
            start=first,
            end=last,
            offline=cache.offline,
        )
        super().__init__(
            "yfinance",
            feed,
            {name: Published(one.ticker, one.publication_lag_days) for name, one in indices.items()},
            value="close",
            timezone=publication_timezone,
            at=publication_time,
            columns=columns,
        )
