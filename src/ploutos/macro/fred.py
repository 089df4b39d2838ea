"""Daily macro levels from FRED, the database of the Federal Reserve Bank of St. Louis."""

from pydantic import BaseModel, ConfigDict

from ploutos.data.network.feed import Feed, parse_range
from ploutos.data.network.fred import FredSeries
from ploutos.data.network.retries import Network
from ploutos.data.network.settings import Caching
from ploutos.macro.network_levels import NetworkLevels, Published
from ploutos.macro.source import Columns
from ploutos.types import PositiveInt, checked


class Series(BaseModel):
    """A series of FRED and how long after its day it is published there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    publication_lag_days: PositiveInt


class Fred(NetworkLevels):
    """VIX, 10-year yield (TNX) and dollar index (DXY) as FRED serves them today.

    Parameters
    ----------
    vix, tnx, dxy : the level's series and publication lag in calendar days; null leaves the level out.
    start, end : ISO dates, the second left out; null is the present.
    publication_timezone, publication_time : wall time of the day of publication.
    api : True asks the JSON service with the key in FRED_API_KEY; False the public CSV, which needs none.
    base_url : where the service is; null is FRED.
    cache : how the local copy is kept.
    network : how the service is asked.
    columns : settings of the derived columns.
    """

    @checked
    def __init__(
        self,
        *,
        vix: Series | None,
        tnx: Series | None,
        dxy: Series | None,
        start: str,
        end: str | None,
        publication_timezone: str,
        publication_time: str,
        api: bool,
        base_url: str | None,
        cache: Caching,
        network: Network,
        columns: Columns,
    ) -> None:
        given = {"vix": vix, "tnx": tnx, "dxy": dxy}
        series = {name: one for name, one in given.items() if one is not None}
        first, last = parse_range(start, end)
        feed = Feed(
            provider=FredSeries(api=api, base_url=base_url, timeout_seconds=network.timeout_seconds),
            plan=cache.plan(1440),
            network=network,
            folder=cache.path("fred", "latest", "1d"),
            tickers=sorted({one.id for one in series.values()}),
            start=first,
            end=last,
            offline=cache.offline,
        )
        super().__init__(
            "fred",
            feed,
            {name: Published(one.id, one.publication_lag_days) for name, one in series.items()},
            value="value",
            timezone=publication_timezone,
            at=publication_time,
            columns=columns,
        )
