"""Yahoo Finance's chart service: one JSON answer a ticker and range.

Yahoo serves prices, volumes and dividends adjusted for every split up to the present. They are stored as they
were traded, so that a split to come changes nothing that is stored.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import polars as pl

from ploutos.data.network import rows
from ploutos.data.network.actions import Action, unadjusted
from ploutos.data.network.addresses import check_address
from ploutos.data.network.clock import DAY
from ploutos.data.network.extras import needed
from ploutos.data.network.provider import About
from ploutos.data.network.retries import Transient, raise_if_passing
from ploutos.data.network.settings import Interval
from ploutos.data.network.spans import Span
from ploutos.data.network.waiting import Interruptible
from ploutos.types import ConfigError, DataError
from ploutos.types.bars import PRICE_COLUMNS

URL = "https://query2.finance.yahoo.com"
HOUR = DAY // 24
HOURLY_DAYS = 730
SETTLE = HOUR // 2  # quotes are up to half an hour late
LATE_HOURS = 2  # around a change of summer time Yahoo stamps days at 22:00 or 23:00 of the day before


class YahooChart:
    """The provider behind `data=yfinance` and `macro=yfinance`.

    Parameters
    ----------
    interval : "1d" or "1h".
    base_url : where the service is; None is Yahoo.
    timeout_seconds : longest wait for an answer.
    """

    name = "Yahoo"
    columns: tuple[str, ...] = (*PRICE_COLUMNS, "volume")
    prices: tuple[str, ...] = PRICE_COLUMNS
    late = 7 * DAY

    def __init__(self, *, interval: Interval, base_url: str | None, timeout_seconds: float) -> None:
        self.interval = interval
        self.base_url = (check_address(base_url) or URL).rstrip("/")
        self.timeout_seconds = timeout_seconds
        self._session: Any = None
        self._wait = Interruptible()

    def earliest(self, now: int) -> int | None:
        """Return the first midnight within the 730 days that Yahoo serves hourly bars for; None for days."""
        if self.interval == "1d":
            return None
        return ((now - HOURLY_DAYS * DAY) // DAY + 1) * DAY

    def limit(self, now: int) -> int:
        """Return the time before which bars are final; of days, the last one that is over everywhere."""
        if self.interval == "1d":
            return (now - DAY // 2) // DAY * DAY
        return now - HOUR - SETTLE

    def about(self, ticker: str, span: Span) -> About:
        """Return splits and dividends as they were paid, the ticker's first day, zone and currency."""
        result = self._chart(ticker, span, "1d")
        if result is None:
            raise DataError(f"Yahoo: {ticker}: no data found; check the ticker")
        meta = result["meta"]
        zone = ZoneInfo(meta["exchangeTimezoneName"])
        first = meta.get("firstTradeDate")
        return About(
            actions=_actions(result.get("events") or {}, zone),
            first=None if first is None else int(first) * 1_000_000 // DAY * DAY,
            answers={
                "timezone": str(zone),
                "currency": meta.get("currency"),
                "instrument": meta.get("instrumentType"),
            },
        )

    def page(self, ticker: str, span: Span, about: About) -> pl.DataFrame:
        """Return the bars of `span` as they were traded."""
        result = self._chart(ticker, span, self.interval)
        if result is None or not result.get("timestamp"):
            return rows.empty(self.columns)
        zone = about.answers["timezone"]
        served = _bars(result, self.columns, zone if self.interval == "1d" else None)
        splits = [(self._effective(day, zone), split) for day, split, _ in about.actions or [] if split != 1]
        return unadjusted(served, splits, self.prices)

    def _effective(self, day: str, zone: str) -> int:
        """Return the time of the first bar after a split; days are stamped at midnight UTC."""
        local = UTC if self.interval == "1d" else ZoneInfo(zone)
        return int(datetime.fromisoformat(day).replace(tzinfo=local).timestamp() * 1e6)

    def _chart(self, ticker: str, span: Span, interval: str) -> dict[str, Any] | None:
        """Return the one result of an answer; None where Yahoo has nothing for that range."""
        margin = DAY if interval == "1d" else 0  # a day's stamp is its opening, in any zone of the earth
        parameters = {
            "period1": (span[0] - margin) // 1_000_000,
            "period2": (span[1] + margin) // 1_000_000,
            "interval": interval,
            "includePrePost": "false",
            "events": "div,splits",
        }
        status, text = self._get(f"{self.base_url}/v8/finance/chart/{quote(ticker, safe='')}", parameters)
        try:
            chart = json.loads(text)["chart"]
            error, results = chart.get("error"), chart.get("result")
        except (ValueError, KeyError, TypeError, AttributeError) as broken:
            if status in (401, 403):
                raise DataError(f"Yahoo: {ticker}: HTTP {status}, the request was refused") from broken
            raise Transient(f"HTTP {status}, the answer is no chart or is cut off") from broken
        if error:
            complaint = _complaint(ticker, status, error)
            if complaint is not None:
                raise complaint
            return None
        if not results:
            raise Transient(f"HTTP {status}, the answer is empty")
        result = results[0]
        symbol = str(result["meta"].get("symbol"))
        if symbol.upper() != ticker.upper():
            raise DataError(f"Yahoo: asked for {ticker}, the answer is about {symbol}")
        return dict(result)

    def _get(self, url: str, parameters: dict[str, Any]) -> tuple[int, str]:
        requests = needed("curl_cffi.requests", extra="yfinance", what="Yahoo")
        if self._session is None:
            self._session = requests.Session(impersonate="chrome")
        try:
            answer = self._wait(
                lambda: self._session.get(url, params=parameters, timeout=self.timeout_seconds)
            )
            text = answer.text
        except requests.exceptions.RequestException as error:
            raise Transient(_reason(error, self.timeout_seconds)) from error
        raise_if_passing(answer.status_code, answer.headers)
        return answer.status_code, text


def _complaint(ticker: str, status: int, error: dict[str, Any]) -> ConfigError | None:
    """Return what Yahoo complains of; None for "there is nothing in this range"."""
    told = str(error.get("description") or error.get("code") or "no reason given")
    if "exist" in told or "No data found" in told:
        return None
    if "must be within the last" in told:
        return ConfigError(f"start: Yahoo: {ticker}: {told}")
    return DataError(f"Yahoo: {ticker}: HTTP {status}: {told}")


def _bars(result: dict[str, Any], columns: tuple[str, ...], days_of: str | None) -> pl.DataFrame:
    """Return the rows of a chart; with `days_of` a zone, `ts` is midnight UTC of the local day."""
    try:
        quotes = result["indicators"]["quote"][0]
        frame = pl.DataFrame({"ts": result["timestamp"], **{c: quotes[c] for c in columns}}, strict=False)
    except (KeyError, IndexError, TypeError, pl.exceptions.PolarsError) as broken:
        raise Transient("the answer lacks columns or has columns of unequal length") from broken
    ts = pl.from_epoch(pl.col("ts").cast(pl.Int64), "s").dt.cast_time_unit("us").dt.replace_time_zone("UTC")
    if days_of is not None:
        local = (ts.dt.convert_time_zone(days_of) + pl.duration(hours=LATE_HOURS)).dt.date()
        ts = local.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    return frame.select(ts.alias("ts"), pl.col(*columns).cast(pl.Float64))


def _actions(events: dict[str, Any], zone: ZoneInfo) -> list[Action]:
    """Return splits and dividends of a chart; dividends as paid, that is times the later splits."""
    splits: dict[str, float] = {}
    dividends: dict[str, float] = {}
    for event in (events.get("splits") or {}).values():
        ratio = float(event["numerator"]) / float(event["denominator"])
        day = _day(event["date"], zone)
        splits[day] = splits.get(day, 1.0) * ratio
    for event in (events.get("dividends") or {}).values():
        day = _day(event["date"], zone)
        dividends[day] = dividends.get(day, 0.0) + float(event["amount"])
    made, later = [], 1.0
    for day in sorted(splits.keys() | dividends.keys(), reverse=True):
        made.append((day, splits.get(day, 1.0), dividends.get(day, 0.0) * later))
        later *= splits.get(day, 1.0)
    return made[::-1]


def _day(seconds: int, zone: ZoneInfo) -> str:
    at = datetime.fromtimestamp(seconds, zone) + timedelta(hours=LATE_HOURS)
    return at.date().isoformat()


def _reason(error: Exception, timeout_seconds: float) -> str:
    names = {kind.__name__ for kind in type(error).__mro__}
    if "Timeout" in names:
        return f"no answer within {timeout_seconds:g} s"
    if "IncompleteRead" in names:
        return "the answer is cut off"
    return str(error).partition(". See ")[0].splitlines()[0]
