"""Bars of US stocks from Alpaca."""

from typing import Any, ClassVar, Literal

from ploutos.data.network.alpaca import AlpacaBars, Tape
from ploutos.data.network.bars import NetworkBars
from ploutos.data.network.retries import Network
from ploutos.data.network.settings import Caching, Interval
from ploutos.data.preparation import DelistingReturn, ResampleMinutes
from ploutos.types import NonNegativeInt, Ticker, checked


class Alpaca(NetworkBars):
    """Hourly or daily bars since 2016; actions where the subscription has them.

    The keys stand in the environment as APCA_API_KEY_ID and APCA_API_SECRET_KEY; a full cache needs none.
    Hourly bars begin at full hours, also before and after the session: one that reaches beyond it is dropped.

    Parameters
    ----------
    feed : "sip" (all exchanges) or "iex" (one exchange).

    The others as in `NetworkBars`.
    """

    kind: ClassVar[str] = "alpaca"
    partial_bars: ClassVar[Literal["drop", "clip"]] = "drop"

    @checked
    def __init__(
        self,
        *,
        tickers: list[Ticker],
        interval: Interval,
        start: str,
        end: str | None,
        feed: Tape,
        base_url: str | None,
        cache: Caching,
        network: Network,
        resample_minutes: ResampleMinutes,
        resample_anchor: Literal["clock", "open"],
        delisted_after_sessions: NonNegativeInt | None,
        delisting_return: DelistingReturn,
        calendar: Any,
        quality: Any,
        actions: Any,
    ) -> None:
        self.tape = feed
        super().__init__(
            tickers=tickers,
            interval=interval,
            start=start,
            end=end,
            base_url=base_url,
            cache=cache,
            network=network,
            resample_minutes=resample_minutes,
            resample_anchor=resample_anchor,
            delisted_after_sessions=delisted_after_sessions,
            delisting_return=delisting_return,
            calendar=calendar,
            quality=quality,
            actions=actions,
        )

    def fingerprint(self) -> dict[str, Any]:
        """Return the hashes of the rows and actions in use, the settings and the feed."""
        return super().fingerprint() | {"feed": self.tape}

    def _provider(self, interval: Interval, base_url: str | None, timeout_seconds: float) -> AlpacaBars:
        return AlpacaBars(
            interval=interval, feed=self.tape, base_url=base_url, timeout_seconds=timeout_seconds
        )

    def _place(self) -> tuple[str, ...]:
        return "alpaca", self.tape
