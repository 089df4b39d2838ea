"""Bars from Yahoo Finance."""

from typing import ClassVar, Literal

from ploutos.data.network.bars import NetworkBars
from ploutos.data.network.settings import Interval
from ploutos.data.network.yfinance import YahooChart


class Yfinance(NetworkBars):
    """Daily bars of any depth, hourly bars of the last 730 days; settings as in `NetworkBars`.

    Hourly bars begin at the session's open; the last one is as long as the session lasts.
    """

    kind: ClassVar[str] = "yfinance"
    partial_bars: ClassVar[Literal["drop", "clip"]] = "clip"

    def _provider(self, interval: Interval, base_url: str | None, timeout_seconds: float) -> YahooChart:
        return YahooChart(interval=interval, base_url=base_url, timeout_seconds=timeout_seconds)

    def _place(self) -> tuple[str, ...]:
        return "yahoo", "chart"
